import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { registerArchiveCommands } from './commands/archive.ts';
import { registerAuditCommand } from './commands/audit.ts';
import { registerBackfillCommand } from './commands/backfill.ts';
import { registerCareplanCommand } from './commands/careplan.ts';
import { registerConnectorCommands } from './commands/connectors.ts';
import { registerDemoCommand } from './commands/demo.ts';
import { registerDosCommands } from './commands/dos.ts';
import { registerDrainCommand } from './commands/drain.ts';
import { registerDualWriteCommand } from './commands/dual-write.ts';
import { registerExportCommand } from './commands/export.ts';
import { registerFhirCommand } from './commands/fhir.ts';
import { registerGapCommands, registerRecoverCommand } from './commands/gaps.ts';
import { registerGatesCommands } from './commands/gates.ts';
import { registerImportCommand } from './commands/import.ts';
import { registerLegacyCommands } from './commands/legacy.ts';
import { registerMigrateCommand } from './commands/migrate.ts';
import { registerParkedCommands } from './commands/parked.ts';
import { registerPasCommands } from './commands/pas.ts';
import { registerPhaseCommands } from './commands/phase.ts';
import { registerPreviewCommand } from './commands/preview.ts';
import { registerReconcileCommand } from './commands/reconcile.ts';
import { registerReplayCommand } from './commands/replay.ts';
import { registerResumeCommand } from './commands/resume.ts';
import { registerRunCommand } from './commands/run.ts';
import { registerSchemaCommands } from './commands/schema.ts';
import { registerSeedCommand } from './commands/seed.ts';
import { registerServeCommand } from './commands/serve.ts';
import { registerStackCommands } from './commands/stack.ts';
import { registerStatusCommand } from './commands/status.ts';
import { registerTopicCommands } from './commands/topics.ts';
import { registerTrafficCommand } from './commands/traffic.ts';
import { EXIT } from './failure.ts';

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const program = new Command('sluice')
  .description('Moves live data out of legacy PostgreSQL while both sides stay in use, and proves it.')
  .version(version)
  .showHelpAfterError('(see --help)')
  .exitOverride((error) => {
    // help and version are answers, everything else here is a wrong call
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.badInput);
  })
  .addHelpText(
    'after',
    `
A first run:
  sluice demo supabase            all of the below, with a live view
or step by step:
  sluice up                       PostgreSQL, Kafka, Connect, registry, FHIR server, DynamoDB
  sluice schema apply supabase    ledger and target schemas
  sluice seed supabase            a legacy database that looks used
  sluice topics apply supabase
  sluice connectors apply supabase
  sluice run supabase             land, derive, deliver
  sluice status --watch

Exit codes: 0 well, 1 failed or not well, 2 wrong call or setting, 3 drift found.`,
  );

registerDemoCommand(program);
registerStackCommands(program);
registerSchemaCommands(program);
registerSeedCommand(program);
registerTrafficCommand(program);
registerTopicCommands(program);
registerConnectorCommands(program);
registerRunCommand(program);
registerStatusCommand(program);
registerParkedCommands(program);
registerResumeCommand(program);
registerReplayCommand(program);
registerBackfillCommand(program);
registerGapCommands(program);
registerRecoverCommand(program);
registerPreviewCommand(program);
registerDrainCommand(program);
registerExportCommand(program);
registerReconcileCommand(program);
registerFhirCommand(program);
registerGatesCommands(program);
registerPhaseCommands(program);
registerAuditCommand(program);
registerDualWriteCommand(program);
registerCareplanCommand(program);
registerImportCommand(program);
registerServeCommand(program);
registerArchiveCommands(program);
registerLegacyCommands(program);
registerMigrateCommand(program);
registerDosCommands(program);
registerPasCommands(program);

await program.parseAsync();

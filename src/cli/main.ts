import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT } from './failure.ts';
import { registerVerbs } from './verbs.ts';

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

await registerVerbs(program, process.argv[2]);
await program.parseAsync();

import type { Command } from 'commander';

type Register = (program: Command) => void;

/** What is registered together: the verbs it brings, and the module behind them. */
export interface VerbGroup {
  readonly verbs: readonly string[];
  readonly load: () => Promise<Register>;
}

const one = (verb: string, load: VerbGroup['load']): VerbGroup => ({ verbs: [verb], load });

/** In the order of the help. Modules are read when they are needed: all of them together take twice as long as one. */
export const VERB_GROUPS: readonly VerbGroup[] = [
  one('demo', async () => (await import('./commands/demo.ts')).registerDemoCommand),
  {
    verbs: ['up', 'down', 'logs', 'stack'],
    load: async () => (await import('./commands/stack.ts')).registerStackCommands,
  },
  one('schema', async () => (await import('./commands/schema.ts')).registerSchemaCommands),
  one('seed', async () => (await import('./commands/seed.ts')).registerSeedCommand),
  one('traffic', async () => (await import('./commands/traffic.ts')).registerTrafficCommand),
  one('topics', async () => (await import('./commands/topics.ts')).registerTopicCommands),
  one('connectors', async () => (await import('./commands/connectors.ts')).registerConnectorCommands),
  one('run', async () => (await import('./commands/run.ts')).registerRunCommand),
  one('status', async () => (await import('./commands/status.ts')).registerStatusCommand),
  one('parked', async () => (await import('./commands/parked.ts')).registerParkedCommands),
  one('resume', async () => (await import('./commands/resume.ts')).registerResumeCommand),
  one('replay', async () => (await import('./commands/replay.ts')).registerReplayCommand),
  one('backfill', async () => (await import('./commands/backfill.ts')).registerBackfillCommand),
  one('gaps', async () => (await import('./commands/gaps.ts')).registerGapCommands),
  one('recover', async () => (await import('./commands/gaps.ts')).registerRecoverCommand),
  one('preview', async () => (await import('./commands/preview.ts')).registerPreviewCommand),
  one('drain', async () => (await import('./commands/drain.ts')).registerDrainCommand),
  one('export', async () => (await import('./commands/export.ts')).registerExportCommand),
  one('reconcile', async () => (await import('./commands/reconcile.ts')).registerReconcileCommand),
  one('fhir', async () => (await import('./commands/fhir.ts')).registerFhirCommand),
  one('gates', async () => (await import('./commands/gates.ts')).registerGatesCommands),
  one('phase', async () => (await import('./commands/phase.ts')).registerPhaseCommands),
  one('audit', async () => (await import('./commands/audit.ts')).registerAuditCommand),
  one('dual-write', async () => (await import('./commands/dual-write.ts')).registerDualWriteCommand),
  one('careplan', async () => (await import('./commands/careplan.ts')).registerCareplanCommand),
  one('import', async () => (await import('./commands/import.ts')).registerImportCommand),
  one('serve', async () => (await import('./commands/serve.ts')).registerServeCommand),
  one('archive', async () => (await import('./commands/archive.ts')).registerArchiveCommands),
  one('legacy', async () => (await import('./commands/legacy.ts')).registerLegacyCommands),
  one('migrate', async () => (await import('./commands/migrate.ts')).registerMigrateCommand),
  one('dos', async () => (await import('./commands/dos.ts')).registerDosCommands),
  one('pas', async () => (await import('./commands/pas.ts')).registerPasCommands),
];

/** The verb that is called alone, or all of them, where help or an answer to a wrong call has to know them. */
export async function registerVerbs(program: Command, called: string | undefined): Promise<void> {
  const meant = VERB_GROUPS.filter(({ verbs }) => called !== undefined && verbs.includes(called));
  const registers = await Promise.all((meant.length > 0 ? meant : VERB_GROUPS).map(({ load }) => load()));
  for (const register of registers) register(program);
}

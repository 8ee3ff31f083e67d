import type { Command } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { gapsOf, openGaps } from '../../app/gaps.ts';
import { openProbes } from '../../app/probes.ts';
import { type RecoverProgress, recover } from '../../app/recover.ts';
import { type Gap, SluiceError, silentLog } from '../../core/index.ts';
import { connectorPlace } from '../connector-place.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface GapOptions {
  readonly all?: boolean;
  readonly flow?: string;
  readonly json?: boolean;
}

interface RecoverOptions extends GapOptions {
  readonly acceptSource?: boolean;
  readonly wait: boolean;
}

const row = (gap: Gap): string[] => [
  gap.id,
  gap.kind,
  gap.scope === '*' ? 'all flows' : gap.scope,
  gap.foundAt,
  gap.since ?? 'the beginning',
  gap.closedAt ?? 'open',
];

export function registerGapCommands(program: Command): void {
  const gaps = program.command('gaps').description('changes that may be missing: found, open, closed');

  gaps
    .command('ls')
    .description('open gaps, newest first; exit code 3 when there is one')
    .argument('[migration]', 'whose', 'supabase')
    .option('--all', 'closed ones too')
    .option('--flow <name>', 'only those that this flow suffers from')
    .option('--json', 'one JSON line')
    .action(
      action((migration: string, options: GapOptions) =>
        withPipeline(migration, {}, async (open) => {
          const found = gapsOf(open, await openGaps(open).list(options.all !== true), options.flow);
          if (options.json) printJson(found);
          else if (found.length === 0) process.stdout.write('no gap\n');
          else printTable(['id', 'kind', 'scope', 'found', 'unverified since', 'closed'], found.map(row));
          return found.some(({ closedAt }) => closedAt === null) ? EXIT.drift : EXIT.ok;
        }),
      ),
    );

  gaps
    .command('show')
    .description('all that is known of one gap')
    .argument('<id>')
    .argument('[migration]', 'whose', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action((id: string, migration: string, options: GapOptions) =>
        withPipeline(migration, {}, async (open) => {
          const gap = (await openGaps(open).list(false)).find((one) => one.id === id);
          if (!gap)
            throw new SluiceError('CONFIG_INVALID', `there is no gap ${id}; \`sluice gaps ls --all\` lists them`);
          if (options.json) printJson(gap);
          else for (const [name, value] of Object.entries(gap)) process.stdout.write(`${name}: ${value ?? '-'}\n`);
          return EXIT.ok;
        }),
      ),
    );
}

const HELP = `
Everything is read anew under a new epoch: a new slot, an initial snapshot, positions above all earlier ones. What is
right is not written again. When the snapshot has been landed, rows it did not show are ended and the gaps are closed;
a worker has to run for that. Halts that came of the gaps are lifted. Refused while the cause still stands.

Exit codes: 0 closed (or nothing to recover), 1 not closed yet, 2 wrong call, or the cause still stands.`;

export function registerRecoverCommand(program: Command): void {
  program
    .command('recover')
    .description('close the open gaps: a new snapshot, a sweep, and a record of it')
    .argument('[migration]', 'whose', 'supabase')
    .option('--flow <name>', 'only if this flow suffers from a gap')
    .option('--accept-source', 'the source is another database than before, and that is meant')
    .option('--no-wait', 'begin it and return')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((migration: string, options: RecoverOptions) =>
        withPipeline(migration, {}, async (open, config) => {
          const probes = await openProbes(config, migration);
          const stop = stopSignal();
          const shows = options.json !== true && process.stderr.isTTY;
          const onProgress = ({ stage, owed }: RecoverProgress): void => {
            if (shows) process.stderr.write(`\r${stage}, ${owed ?? '?'} records to land      `);
          };
          try {
            const done = await recover(config, open, probes, systemClock, silentLog, {
              migration,
              acceptSource: options.acceptSource === true,
              wait: options.wait,
              place: connectorPlace(migration),
              signal: stop.signal,
              onProgress,
              ...(options.flow === undefined ? {} : { flow: options.flow }),
            });
            if (shows) process.stderr.write('\n');
            if (options.json) printJson(done);
            else if (done.epoch === null) process.stdout.write('no gap to recover from\n');
            else {
              process.stdout.write(`epoch ${done.epoch}\n`);
              printTable(['id', 'kind', 'scope', 'found', 'unverified since', 'closed'], done.gaps.map(row));
            }
            return done.gaps.every(({ closedAt }) => closedAt !== null) ? EXIT.ok : EXIT.failure;
          } finally {
            stop.release();
            await probes.close();
          }
        }),
      ),
    );
}

import type { Command } from 'commander';
import { proveCaughtUp } from '../../app/reconcile/caught-up.ts';
import { DigestEngine } from '../../app/reconcile/digest.ts';
import { digestView, roundView } from '../../app/reconcile/figures.ts';
import { type OpenReconcileParts, openParts } from '../../app/reconcile/parts.ts';
import { readPolicies, repairByPolicy } from '../../app/reconcile/repair.ts';
import { scanRound } from '../../app/reconcile/round.ts';
import { ENGINES, type Engine, flowsNamed, readEngines, startReconcile } from '../../app/reconcile/run.ts';
import { runUntilStopped } from '../../app/shutdown.ts';
import { SluiceError, silentLog } from '../../core/index.ts';
import { action, configOf, withPipeline } from '../context.ts';
import { EXIT, reportFailure } from '../failure.ts';
import { duration, printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { onceExit } from './once-exit.ts';

interface RunOptions {
  readonly once?: boolean;
  readonly flow?: readonly string[];
  readonly without?: string;
  readonly engines?: string;
  readonly every: string;
  readonly digestEvery: string;
  readonly repair?: string;
  readonly port?: string;
  readonly json?: boolean;
}

const namesOf = (text: string | undefined): readonly string[] => text?.split(',').map((name) => name.trim()) ?? [];

/** A whole number of a setting. Throws CONFIG_INVALID. */
function numberOf(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new SluiceError('CONFIG_INVALID', `${option} must be a whole number, ${least} or more`);
}

/** Opens what reconciliation works with for as long as `work` runs. */
export function withParts<T>(
  migration: string,
  without: readonly string[],
  work: (parts: OpenReconcileParts) => Promise<T>,
): Promise<T> {
  return withPipeline(migration, {}, async (open, config) => {
    const parts = await openParts(config, migration, open, without, silentLog);
    try {
      return await work(parts);
    } finally {
      await parts.close();
    }
  });
}

const RUN_HELP = `
Engines: 'scan' compares every source row with the landed one, every document with its target, and every target's keys with
what is expected; 'stream' looks at changes when they have been applied; 'digest' adds up what the landed rows make and what
the state tables hold, and looks at what differs. Open findings are looked at all the time. What is on its way is looked at
again and never a finding. Confirmed findings are repaired as SLUICE_REPAIR says: 'approval' (unless told) waits for
\`sluice reconcile repair\`, 'automatic' does it, 'never' refuses it there as well; e.g. never,submissions=automatic.

Exit codes of --once: 0 nothing open, 1 failed for a flow or stopped before the end, 2 wrong call or setting, 3 findings
are open, if only suspected.`;

export function registerReconcileRun(reconcile: Command): void {
  reconcile
    .command('run')
    .description('compare both sides until stopped; serves /metrics, /health/live and /health/ready')
    .argument('<migration>', 'which migration')
    .option('--once', 'one scan, or one round of --engines, then end')
    .option('--engines <names>', 'some of stream, scan and digest; all unless told, the scan alone with --once')
    .option('--flow <name>', 'only documents of this flow; may be repeated', (name, all: string[] = []) => [
      ...all,
      name,
    ])
    .option('--without <targets>', 'kinds of targets not to read, e.g. fhir; their documents count as unverified')
    .option('--every <seconds>', 'pause between scans', '300')
    .option('--digest-every <seconds>', 'pause between digests', '30')
    .option('--repair <policy>', 'in place of SLUICE_REPAIR, for this run (see below)')
    .option('--port <port>', 'port of metrics and health; 0 picks a free one', '9466')
    .option('--json', 'one JSON line a scan or digest')
    .addHelpText('after', RUN_HELP)
    .action(
      action(async (migration: string, options: RunOptions) => {
        const everySeconds = numberOf('--every', options.every, 1);
        const show = options.json ? printJson : showRound;
        const showDigested = options.json ? printJson : showDigest;
        if (options.once) {
          const engines = onceEngines(options);
          const stop = stopSignal();
          return withParts(migration, namesOf(options.without), async (parts) => {
            const flows = flowsNamed(parts.open.migration.flows, options.flow ?? []);
            const names = parts.open.migration.flows.map(({ name }) => name);
            const policies = readPolicies(options.repair ?? configOf().repair, names);
            const how = { flows, signal: stop.signal, onProgress: progressOf(options) };
            const scanned = engines.has('scan') ? await scanRound(parts, how) : null;
            const digested = engines.has('digest') ? await new DigestEngine(parts).round(how) : null;
            if (scanned) show(roundView(scanned));
            if (digested) showDigested(digestView(digested));
            await repairByPolicy(parts, policies);
            return onceExit(
              [scanned, digested].filter((round) => round !== null),
              await parts.store.counts(),
            );
          }).finally(() => stop.release());
        }
        const config = configOf();
        const run = await startReconcile(config, {
          migration,
          flows: options.flow ?? [],
          without: namesOf(options.without),
          engines: readEngines(options.engines ?? ENGINES.join(',')),
          everySeconds,
          digestEverySeconds: numberOf('--digest-every', options.digestEvery, 1),
          repair: options.repair ?? config.repair,
          port: numberOf('--port', options.port ?? '9466', 0),
          onProgress: progressOf(options),
          onRound: (round) => show(roundView(round)),
          onDigest: (round) => showDigested(digestView(round)),
        });
        await runUntilStopped(run, (error) => reportFailure(error, options.json === true));
        return EXIT.ok;
      }),
    );
  reconcile
    .command('caught-up')
    .description('prove that all that is committed at the source now is at its targets; silence proves nothing')
    .argument('<migration>', 'which migration')
    .option('--timeout <seconds>', 'give up after', '60')
    .option('--json', 'one JSON line')
    .addHelpText('after', '\nExit codes: 0 proved, 1 not within the time, 2 wrong call or setting.')
    .action(
      action((migration: string, options: { readonly timeout: string; readonly json?: boolean }) =>
        withParts(migration, ['fhir', 'dynamodb'], async (parts) => {
          const timeoutMs = numberOf('--timeout', options.timeout, 1) * 1000;
          const proved = await proveCaughtUp(parts, await parts.reader.moment(), timeoutMs);
          if (options.json) printJson(proved);
          else
            process.stdout.write(
              `caught up to ${proved.at} (log position ${proved.lsn}) in ${duration(proved.seconds)}${
                proved.waiting === 0 ? '' : `; ${proved.waiting} roots wait for what is not there, and are not verified`
              }\n`,
            );
          return EXIT.ok;
        }),
      ),
    );
}

/** Changes are not waited for by what ends after one round. Throws CONFIG_INVALID. */
function onceEngines({ engines }: RunOptions): ReadonlySet<Engine> {
  const named = readEngines(engines ?? 'scan');
  if (!named.has('stream')) return named;
  throw new SluiceError('CONFIG_INVALID', '--once makes a scan or a digest: the stream engine has no rounds');
}

const progressOf =
  ({ json }: RunOptions) =>
  ({ stage, of, done }: { readonly stage: string; readonly of: string; readonly done: number }): void => {
    if (!json && process.stderr.isTTY) process.stderr.write(`\r\u001b[K${stage} ${of}: ${done}`);
  };

const showFailed = (failed: readonly { readonly flow: string; readonly code: string }[]): void => {
  for (const { flow, code } of failed) process.stdout.write(`${flow}: failed, nothing is recorded of it (${code})\n`);
};

function showRound({ seconds, rows, flows, failed, confirmed, whole }: ReturnType<typeof roundView>): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;
  printTable(
    ['flow', 'compared', 'unresolved', 'at most (95%)', 'unverified', 'waiting', 'unmappable', 'hot', 'coverage'],
    flows.map((one) => [
      one.flow,
      one.compared,
      one.unresolved,
      percent(one.upper95),
      one.unverified,
      one.waiting,
      one.unmappable,
      one.hot,
      percent(one.coverage),
    ]),
  );
  showFailed(failed);
  process.stdout.write(
    `${rows} source rows, ${confirmed} findings confirmed, ${duration(seconds)}${whole ? '' : '; stopped before the end'}\n`,
  );
}

function showDigest({ seconds, flows, failed, workedOut, confirmed, whole }: ReturnType<typeof digestView>): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  printTable(
    ['flow', 'rows', 'differing', 'left out', 'coverage'],
    flows.map((one) => [one.flow, one.rows, one.differing, one.leftOut, `${(one.coverage * 100).toFixed(2)}%`]),
  );
  showFailed(failed);
  process.stdout.write(
    `digest: ${workedOut} roots worked out, ${confirmed} findings confirmed, ${duration(seconds)}${whole ? '' : '; stopped before the end'}\n`,
  );
}

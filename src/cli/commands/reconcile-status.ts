import type { Command } from 'commander';
import { hasUnresolved, lastDigests, lastFigures } from '../../app/reconcile/figures.ts';
import { FindingStore } from '../../sinks/postgres/index.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, printJson, printTable } from '../print.ts';

export function registerReconcileStatus(reconcile: Command): void {
  reconcile
    .command('status')
    .description('what was compared, how much of it, how long ago, and what is open')
    .argument('[migration]', 'whose', 'supabase')
    .option('--json', 'one JSON line')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing unresolved, 1 failed, 2 wrong call or setting, 3 findings are unresolved.',
    )
    .action(
      action((migration: string, options: { readonly json?: boolean }) =>
        withPipeline(migration, {}, async (open) => {
          const counts = await new FindingStore(open.pool, open.name).counts();
          const figures = await lastFigures(open);
          const digests = await lastDigests(open);
          const playbook = counts.reduce((sum, one) => sum + one.playbook, 0);
          if (options.json) printJson({ flows: figures, digests, findings: counts, playbook });
          else showStatus(figures, digests, counts, playbook);
          return hasUnresolved(counts) ? EXIT.drift : EXIT.ok;
        }),
      ),
    );
}

type Figures = Awaited<ReturnType<typeof lastFigures>>;
type Digests = Awaited<ReturnType<typeof lastDigests>>;
type Counts = Awaited<ReturnType<FindingStore['counts']>>;

function showStatus(figures: Figures, digests: Digests, counts: Counts, playbook: number): void {
  const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(2)}%`);
  printTable(
    [
      'flow',
      'compared',
      'divergent',
      'fields',
      'at most (95%)',
      'coverage',
      'unverified',
      'of it hot',
      'waiting',
      'unmappable',
      'on record / there',
      'oldest look',
    ],
    figures.map((one) => [
      one.flow || '(all)',
      one.compared,
      percent(one.divergence),
      percent(one.fieldMismatch),
      percent(one.upper95),
      percent(one.coverage),
      one.unverified,
      one.hot,
      one.waiting,
      one.unmappable,
      `${one.expected ?? '-'} / ${one.actual ?? '-'}`,
      duration(one.ageSeconds),
    ]),
  );
  if (figures.length === 0) process.stdout.write('nothing has been compared yet: `sluice reconcile run` does\n');
  if (digests.length > 0) {
    process.stdout.write('\n');
    printTable(
      ['tables of', 'rows added up', 'differing', 'coverage', 'oldest look'],
      digests.map((one) => [one.flow, one.rows, one.differing, percent(one.coverage), duration(one.ageSeconds)]),
    );
  }
  for (const { flow, kind, state, n, oldestSeconds } of counts)
    process.stdout.write(`${flow}: ${n} ${kind} ${state}, the oldest for ${duration(oldestSeconds ?? 0)}\n`);
  if (playbook > 0)
    process.stdout.write(
      `${playbook} open for more than 15 minutes: \`sluice reconcile findings --playbook\` (docs/reconciliation.md)\n`,
    );
}

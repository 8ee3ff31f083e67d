import type { Command } from 'commander';
import type { Config } from '../../app/config.ts';
import type { OpenPipeline } from '../../app/pipeline.ts';
import { openParts } from '../../app/reconcile/parts.ts';
import { recheckOpen } from '../../app/reconcile/recheck.ts';
import {
  type RepairPolicies,
  readPolicies,
  repairOne,
  whyNotAllowed,
  whyNotRepairable,
} from '../../app/reconcile/repair.ts';
import { entriesOf, type Finding, type FindingState, opaqueKey, SluiceError, silentLog } from '../../core/index.ts';
import { FindingStore } from '../../sinks/postgres/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, printJson, printTable } from '../print.ts';

interface Listing {
  readonly json?: boolean;
  readonly flow?: string;
  readonly kind?: string;
  readonly all?: boolean;
  readonly playbook?: boolean;
  readonly keys?: boolean;
  readonly limit: string;
}

const OPEN: readonly FindingState[] = ['suspect', 'confirmed', 'repaired', 'accepted'];

/** Keys can tell who somebody is, so they are shown only to those who ask. */
const shown = ({ key, root, ...finding }: Finding, keys: boolean | undefined) => ({
  ...finding,
  keyHash: opaqueKey(key),
  rootHash: opaqueKey(root),
  ...(keys ? { key, root } : {}),
});

const policiesOf = ({ migration }: OpenPipeline, { repair }: Config): RepairPolicies =>
  readPolicies(
    repair,
    migration.flows.map(({ name }) => name),
  );

const pathsOf = ({ differences }: Finding): string =>
  differences
    .slice(0, 4)
    .map(({ path, class: of }) => `${path || '(whole)'}: ${of}`)
    .join(', ') + (differences.length > 4 ? `, and ${differences.length - 4} more` : '');

function printFindings(
  findings: readonly Finding[],
  options: { readonly json?: boolean; readonly keys?: boolean },
): void {
  if (options.json) {
    printJson(findings.map((finding) => shown(finding, options.keys)));
    return;
  }
  printTable(
    ['id', 'flow', 'target', 'key', 'kind', 'state', 'age', 'paths'],
    findings.map((one) => [
      one.id,
      one.flow,
      one.target,
      options.keys ? one.key : opaqueKey(one.key),
      one.kind,
      one.playbook ? `${one.state} PLAYBOOK` : one.state,
      duration(one.ageSeconds),
      pathsOf(one),
    ]),
  );
}

export function registerFindingCommands(reconcile: Command): void {
  reconcile
    .command('findings')
    .description('what differs: target, kind and paths, never values; keys as hashes')
    .argument('[migration]', 'whose', 'supabase')
    .option('--flow <name>', 'of one flow')
    .option('--kind <kind>', 'missing, extra, value, stale, rogue or unmappable')
    .option('--playbook', 'only those open for more than 15 minutes: the manual playbook queue')
    .option('--all', 'those that are over, too')
    .option('--keys', 'show keys as they are')
    .option('--limit <n>', 'at most so many', '100')
    .option('--json', 'one JSON line')
    .action(
      action((migration: string, options: Listing) =>
        withPipeline(migration, {}, async (open) => {
          const limit = Number(options.limit);
          if (!Number.isInteger(limit) || limit < 1)
            throw new SluiceError('CONFIG_INVALID', '--limit must be a whole number');
          const { flow, kind } = options;
          const states = options.all ? {} : { states: OPEN };
          const { playbook } = options;
          printFindings(
            await new FindingStore(open.pool, open.name).list({ flow, kind, ...states, playbook, limit }),
            options,
          );
          return EXIT.ok;
        }),
      ),
    );
  registerOne(
    reconcile,
    'explain',
    'one finding: its life, its paths, its repairs, and what can be done about it',
    async (open, id, { keys, migration }, config) => {
      const store = new FindingStore(open.pool, open.name);
      const finding = await findingOf(store, id);
      const parked = await open.admin.listParked({ flow: finding.target, kind: 'document' });
      const own = parked.find(({ key }) => key === finding.key);
      const why = whyNotRepairable(finding, open.migration) ?? whyNotAllowed(policiesOf(open, config), finding.flow);
      const repair = why ?? `sluice reconcile repair ${id} ${migration} --by <name>`;
      return {
        ...shown(finding, keys),
        repair,
        repairs: await store.repairs(id),
        ...(own ? { parked: `${own.code}: sluice parked show ${own.id}` } : {}),
      };
    },
  );
  registerRecheck(reconcile);
  registerRepair(reconcile);
  registerAccept(reconcile);
}

interface OneOptions {
  readonly migration?: string;
  readonly json?: boolean;
  readonly keys?: boolean;
}

const ofOne = (command: Command): Command =>
  command
    .argument('<id>', 'of a finding')
    .argument('[migration]', 'whose', 'supabase')
    .option('--migration <name>', 'the same, by name');

async function findingOf(store: FindingStore, id: string): Promise<Finding> {
  const [finding] = /^\d+$/.test(id) ? await store.list({ id, limit: 1 }) : [];
  if (!finding)
    throw new SluiceError('CONFIG_INVALID', `there is no finding '${id}'; \`sluice reconcile findings\` lists them`);
  return finding;
}

function registerOne(
  reconcile: Command,
  verb: string,
  description: string,
  work: (
    open: OpenPipeline,
    id: string,
    options: OneOptions & { readonly migration: string },
    config: Config,
  ) => Promise<object>,
): void {
  ofOne(reconcile.command(verb))
    .description(description)
    .option('--keys', 'show keys as they are')
    .option('--json', 'one JSON line')
    .action(
      action((id: string, migration: string, options: OneOptions) =>
        withPipeline(options.migration ?? migration, {}, async (open, config) => {
          const answer = await work(open, id, { ...options, migration: options.migration ?? migration }, config);
          if (options.json) printJson(answer);
          else
            for (const [name, value] of Object.entries(answer))
              process.stdout.write(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
          return EXIT.ok;
        }),
      ),
    );
}

function registerRecheck(reconcile: Command): void {
  reconcile
    .command('recheck')
    .description('look once more at everything with an open finding, or at one of them')
    .argument('[migration]', 'whose', 'supabase')
    .option('--id <id>', 'one finding')
    .option('--keys', 'show keys as they are')
    .option('--json', 'one JSON line')
    .action(
      action((migration: string, options: { readonly id?: string; readonly json?: boolean; readonly keys?: boolean }) =>
        withPipeline(migration, {}, async (open, config) => {
          const parts = await openParts(config, migration, open, [], silentLog);
          try {
            printFindings(await recheckOpen(parts, 'recheck', options.id), options);
            return EXIT.ok;
          } finally {
            await parts.close();
          }
        }),
      ),
    );
}

function registerRepair(reconcile: Command): void {
  ofOne(reconcile.command('repair'))
    .description('write the document of a finding anew, as its source rows say, by an ordinary derivation')
    .requiredOption('--by <name>', 'who says so')
    .option('--json', 'one JSON line')
    .addHelpText(
      'after',
      '\nRefused for flows that SLUICE_REPAIR says `never` of. A running `reconcile run` looks at it again by itself; otherwise\n`sluice reconcile recheck` does.',
    )
    .action(
      action(
        (
          id: string,
          migration: string,
          options: {
            readonly by: string;
            readonly migration?: string;
            readonly json?: boolean;
          },
        ) =>
          withPipeline(options.migration ?? migration, {}, async (open, config) => {
            const store = new FindingStore(open.pool, open.name, entriesOf(open.migration));
            await findingOf(store, id);
            const finding = await repairOne(
              { store, migration: open.migration },
              policiesOf(open, config),
              id,
              operatorName(options.by),
            );
            if (options.json) printJson({ id, flow: finding.flow, state: 'repaired' });
            else
              process.stdout.write(
                `finding ${id}: its root is marked; it is derived and delivered anew, then looked at again\n`,
              );
            return EXIT.ok;
          }),
      ),
    );
}

function registerAccept(reconcile: Command): void {
  ofOne(reconcile.command('accept'))
    .description('let a finding stand as it is; another content of the same document is a finding again')
    .requiredOption('--by <name>', 'who says so')
    .requiredOption('--reason <text>', 'why')
    .option('--json', 'one JSON line')
    .action(
      action(
        (
          id: string,
          migration: string,
          options: {
            readonly by: string;
            readonly reason: string;
            readonly migration?: string;
            readonly json?: boolean;
          },
        ) =>
          withPipeline(options.migration ?? migration, {}, async (open) => {
            const store = new FindingStore(open.pool, open.name);
            if (options.reason.trim() === '') throw new SluiceError('CONFIG_INVALID', '--reason must say why');
            const finding = await findingOf(store, id);
            if (!(await store.accept(id, operatorName(options.by), options.reason)))
              throw new SluiceError('CONFIG_INVALID', `finding ${id} is ${finding.state}: there is nothing to accept`);
            if (options.json) printJson({ id, state: 'accepted' });
            else process.stdout.write(`finding ${id} is accepted\n`);
            return EXIT.ok;
          }),
      ),
    );
}

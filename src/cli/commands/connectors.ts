import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import pc from 'picocolors';
import { connectorFolder } from '../../app/folders.ts';
import {
  type Applied,
  applyConnector,
  connectorState,
  describeState,
  readConnector,
  removeConnector,
  requestSnapshot,
  restartConnector,
  settledState,
} from '../../source/index.ts';
import { connectorPlace } from '../connector-place.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface ConnectorOptions {
  readonly json?: boolean;
  readonly newEpoch?: boolean;
  readonly dryRun?: boolean;
  readonly purge?: boolean;
}

function printApplied(applied: Applied, verdict: string | null): void {
  const colour = applied.action === 'unchanged' ? pc.dim : pc.green;
  process.stdout.write(`${applied.name} ${colour(applied.action)} (epoch ${applied.epoch})\n`);
  for (const change of applied.source) process.stdout.write(`  source: ${change}\n`);
  for (const { setting, found, wanted } of applied.drift) {
    process.stdout.write(`  ${setting}: ${pc.red(found ?? '-')} ${pc.dim('->')} ${pc.green(wanted ?? '-')}\n`);
  }
  if (verdict !== null) process.stdout.write(`  ${verdict === 'RUNNING' ? pc.green(verdict) : pc.red(verdict)}\n`);
}

export function registerConnectorCommands(program: Command): void {
  const connectors = program
    .command('connectors')
    .description('the Debezium connectors of connectors/<migration>.yaml');

  connectors
    .command('apply')
    .description('prepare the source database and bring the connector to its file; idempotent, shows drift')
    .argument('[migration]', 'whose', 'supabase')
    .option('--dry-run', 'only show what would change; exit code 3 when anything would')
    .option('--new-epoch', 'read everything anew: new slot, new snapshot, positions above all earlier ones')
    .option('--json', 'one JSON line')
    .addHelpText(
      'after',
      '\nThe password of the source database is SLUICE_SOURCE_PASSWORD in the environment of Connect.',
    )
    .action(
      action(async (migration: string, options: ConnectorOptions) => {
        const definition = await readConnector(connectorFolder, migration, configOf().prefix);
        const how = { newEpoch: options.newEpoch === true, dryRun: options.dryRun === true };
        const applied = await applyConnector(definition, connectorPlace(migration), how);
        const verdict = how.dryRun ? null : await settledState(definition, configOf().connect);
        if (options.json) printJson({ ...applied, verdict });
        else printApplied(applied, verdict);
        if (how.dryRun) return applied.action === 'unchanged' ? EXIT.ok : EXIT.drift;
        return verdict === 'RUNNING' ? EXIT.ok : EXIT.failure;
      }),
    );

  connectors
    .command('status')
    .description('the connector and each of its tasks; exit code 1 unless all run')
    .argument('[migration]', 'whose', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: ConnectorOptions) => {
        const definition = await readConnector(connectorFolder, migration, configOf().prefix);
        const state = await connectorState(definition, configOf().connect);
        const verdict = describeState(state);
        if (options.json) printJson({ name: definition.name, verdict, tasks: state?.tasks ?? [] });
        else {
          printTable(
            ['connector', 'state', 'task', 'task state', 'reason'],
            state && state.tasks.length > 0
              ? state.tasks.map((task) => [definition.name, state.state, task.id, task.state, task.reason ?? '-'])
              : [[definition.name, verdict, '-', '-', '-']],
          );
        }
        return verdict === 'RUNNING' ? EXIT.ok : EXIT.failure;
      }),
    );

  connectors
    .command('restart')
    .description('restart the connector and its tasks; it goes on where it was')
    .argument('[migration]', 'whose', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: ConnectorOptions) => {
        const definition = await readConnector(connectorFolder, migration, configOf().prefix);
        await restartConnector(definition, configOf().connect);
        if (options.json) printJson({ restarted: definition.name });
        else process.stdout.write(`${definition.name} restarted\n`);
        return EXIT.ok;
      }),
    );

  connectors
    .command('snapshot')
    .description('read tables again while changes stream on (incremental snapshot)')
    .argument('<migration>', 'whose')
    .argument('<tables...>', 'as schema.table')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, tables: string[], options: ConnectorOptions) => {
        const id = `sluice-${randomBytes(6).toString('hex')}`;
        await requestSnapshot(configOf().sourceUrl(migration), id, tables);
        if (options.json) printJson({ id, tables });
        else
          process.stdout.write(`asked for a snapshot of ${tables.join(', ')}; \`sluice status\` shows it arriving\n`);
        return EXIT.ok;
      }),
    );

  connectors
    .command('remove')
    .description('remove the connector; its slot stays and keeps the source log until it is applied again')
    .argument('[migration]', 'whose', 'supabase')
    .option('--purge', 'also drop offsets, slot and publication: what changes meanwhile is not seen by a later one')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: ConnectorOptions) => {
        const definition = await readConnector(connectorFolder, migration, configOf().prefix);
        await removeConnector(definition, connectorPlace(migration), { purge: options.purge === true });
        if (options.json) printJson({ removed: definition.name, purged: options.purge === true });
        else process.stdout.write(`${definition.name} removed\n`);
        return EXIT.ok;
      }),
    );
}

import type { Command } from 'commander';
import pc from 'picocolors';
import { relandRecord } from '../../app/reland.ts';
import { opaqueKey, SluiceError } from '../../core/index.ts';
import type { ParkedFilter, ParkedItem } from '../../sinks/postgres/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface Picked {
  readonly json?: boolean;
  readonly flow?: string;
  readonly code?: string;
  readonly kind?: string;
  readonly id?: string;
  readonly limit?: string;
  readonly pipeline?: string;
  readonly showKeys?: boolean;
}

const filterOf = (options: Picked): ParkedFilter => ({
  ...(options.flow === undefined ? {} : { flow: options.flow }),
  ...(options.code === undefined ? {} : { code: options.code }),
  ...(options.kind === undefined ? {} : { kind: options.kind }),
  ...(options.id === undefined ? {} : { id: options.id }),
  ...(options.limit === undefined ? {} : { limit: Number(options.limit) }),
});

/** Keys can tell who somebody is, so they are shown only to those who ask. */
const shown = (item: ParkedItem, keys: boolean | undefined) => ({
  ...item,
  key: keys ? item.key : undefined,
  keyHash: opaqueKey(item.key),
});

function pipelineOption(options: Picked): { pipeline?: string } {
  return options.pipeline === undefined ? {} : { pipeline: options.pipeline };
}

function requireChoice(options: Picked): void {
  if (
    options.id === undefined &&
    options.flow === undefined &&
    options.code === undefined &&
    options.kind === undefined
  ) {
    throw new SluiceError('CONFIG_INVALID', 'say which: --id, --flow, --code or --kind');
  }
}

export function registerParkedCommands(program: Command): void {
  const parked = program
    .command('parked')
    .description('rows, records and documents that were set aside, why, and what to do with them');
  const picking = (command: Command): Command =>
    command
      .argument('[migration]', 'whose', 'supabase')
      .option('--id <id>', 'one item')
      .option('--flow <name>', 'items of one flow, source table or target')
      .option('--code <code>', 'items with one reason')
      .option('--kind <kind>', 'record, root or document')
      .option('--pipeline <shadow>', 'a shadow instead of the live run')
      .option('--json', 'one JSON line');

  picking(parked.command('ls'))
    .description('list what is parked')
    .option('--limit <n>', 'at most so many', '50')
    .option('--show-keys', 'show row keys instead of their hashes')
    .action(
      action(async (migration: string, options: Picked) => {
        const items = await withPipeline(migration, pipelineOption(options), (open) =>
          open.admin.listParked(filterOf(options)),
        );
        if (options.json) printJson(items.map((item) => shown(item, options.showKeys)));
        else if (items.length === 0) process.stdout.write('nothing is parked\n');
        else {
          printTable(
            ['id', 'kind', 'of', 'key', 'code', 'tries', 'since'],
            items.map((item) => [
              item.id,
              item.kind,
              item.scope,
              options.showKeys ? item.key : opaqueKey(item.key),
              item.code,
              item.attempts,
              item.firstAt.slice(0, 19),
            ]),
          );
        }
        return EXIT.ok;
      }),
    );

  parked
    .command('show')
    .description('all that is known of one parked item')
    .argument('<id>', 'from `sluice parked ls`')
    .argument('[migration]', 'whose', 'supabase')
    .option('--pipeline <shadow>', 'a shadow instead of the live run')
    .option('--show-keys', 'show the row key instead of its hash')
    .option('--json', 'one JSON line')
    .action(
      action(async (id: string, migration: string, options: Picked) => {
        const items = await withPipeline(migration, pipelineOption(options), (open) => open.admin.listParked({ id }));
        const item = items[0];
        if (!item) throw new SluiceError('CONFIG_INVALID', `nothing is parked under ${id}`);
        if (options.json) printJson(shown(item, options.showKeys));
        else {
          for (const [name, value] of Object.entries(shown(item, options.showKeys))) {
            if (value === null || value === undefined || value === '') continue;
            const text = typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
            process.stdout.write(`${pc.bold(name.padEnd(10))} ${text}\n`);
          }
        }
        return EXIT.ok;
      }),
    );

  picking(parked.command('retry'))
    .description('try parked items again; what fails again is parked again')
    .option('--all', 'everything that is parked')
    .action(
      action(async (migration: string, options: Picked & { all?: boolean }) => {
        if (!options.all) requireChoice(options);
        const tried = await withPipeline(migration, pipelineOption(options), async (open, config) => {
          const items = await open.admin.listParked(filterOf(options));
          await open.admin.retryParked(items);
          for (const item of items) if (item.kind === 'record') await relandRecord(open, config, item);
          return items.length;
        });
        if (options.json) printJson({ retried: tried });
        else process.stdout.write(`${tried} retried; \`sluice parked ls\` shows what is still parked\n`);
        return EXIT.ok;
      }),
    );

  picking(parked.command('drop'))
    .description('give parked items up for good; they stay on record with the reason')
    .requiredOption('--reason <text>', 'why, for the record; no patient data')
    .option('--by <name>', 'who decides', undefined)
    .action(
      action(async (migration: string, options: Picked & { reason: string; by?: string }) => {
        requireChoice(options);
        if (options.reason.trim().length < 5) throw new SluiceError('CONFIG_INVALID', '--reason must say why');
        const dropped = await withPipeline(migration, pipelineOption(options), async (open) => {
          const items = await open.admin.listParked(filterOf(options));
          return open.admin.dropParked(
            items.map((item) => item.id),
            operatorName(options.by),
            options.reason,
          );
        });
        if (options.json) printJson({ dropped });
        else process.stdout.write(`${dropped} dropped\n`);
        return EXIT.ok;
      }),
    );
}

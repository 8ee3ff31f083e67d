import type { Command } from 'commander';
import pc from 'picocolors';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

export function registerSchemaCommands(program: Command): void {
  const schema = program.command('schema').description('the ledger and the target schemas in the service database');

  schema
    .command('apply')
    .description('create and upgrade them by their numbered SQL files; a second run changes nothing')
    .argument('[migration]', 'whose schemas', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: { json?: boolean }) => {
        const states = await withPipeline(migration, { needsSchemas: false }, (open) =>
          open.admin.applySchemas(open.folders),
        );
        if (options.json) printJson(states);
        else {
          for (const state of states) {
            const done = state.pending.length === 0 ? pc.dim('up to date') : pc.green(state.pending.join(', '));
            process.stdout.write(`${state.schema.padEnd(14)} ${done}\n`);
          }
        }
        return EXIT.ok;
      }),
    );

  schema
    .command('status')
    .description('which numbered files are applied; exit code 3 when some are not')
    .argument('[migration]', 'whose schemas', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: { json?: boolean }) => {
        const states = await withPipeline(migration, { needsSchemas: false }, (open) =>
          open.admin.schemaStates(open.folders),
        );
        if (options.json) printJson(states);
        else {
          printTable(
            ['schema', 'applied', 'pending'],
            states.map((state) => [state.schema, state.applied.length, state.pending.join(', ') || '-']),
          );
        }
        return states.some((state) => state.pending.length > 0) ? EXIT.drift : EXIT.ok;
      }),
    );
}

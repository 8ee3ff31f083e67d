import type { Command } from 'commander';
import pc from 'picocolors';
import { dynamoDbTables } from '../../app/dynamodb.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { registerDosBackupCommands } from './dos-backup.ts';
import { registerDosGatesCommand } from './dos-gates.ts';
import { registerDosMigrateCommand } from './dos-migrate.ts';
import { type PlaceOptions, placed, placedConfig } from './dos-place.ts';
import { registerDosQueueCommands } from './dos-queue.ts';

const tablesOf = (options: PlaceOptions) => dynamoDbTables(placedConfig(options), 'dos');

export function registerDosCommands(program: Command): void {
  const dos = program.command('dos').description('the Directory of Services');
  const tables = dos.command('tables').description('its DynamoDB tables');
  registerDosBackupCommands(dos);
  registerDosGatesCommand(dos);
  registerDosMigrateCommand(dos);
  registerDosQueueCommands(dos);

  placed(
    tables
      .command('create')
      .description('make the tables that are missing; exit code 3 when one that is there is not as declared'),
  ).action(
    action(async (options: PlaceOptions) => {
      const place = tablesOf(options);
      const made = await place.create();
      const states = await place.describe();
      if (options.json) printJson({ made, tables: states });
      else
        for (const { table, drift } of states) {
          const done = made.includes(table) ? pc.green('made') : pc.dim('there');
          process.stdout.write(
            `${done} ${table}${drift.length > 0 ? pc.yellow(` differs: ${drift.join(', ')}`) : ''}\n`,
          );
        }
      return states.some(({ drift }) => drift.length > 0) ? EXIT.drift : EXIT.ok;
    }),
  );

  placed(
    tables.command('ls').description('the tables as they are; exit code 3 when one is missing or not as declared'),
  ).action(
    action(async (options: PlaceOptions) => {
      const states = await tablesOf(options).describe();
      if (options.json) printJson(states);
      else
        printTable(
          ['table', 'status', 'items', 'indexes', 'differs'],
          states.map(({ table, status, items, indexes, drift }) => [
            table,
            status ?? 'missing',
            items,
            indexes.join(', ') || '-',
            drift.join(', ') || '-',
          ]),
        );
      return states.some(({ status, drift }) => status === null || drift.length > 0) ? EXIT.drift : EXIT.ok;
    }),
  );
}

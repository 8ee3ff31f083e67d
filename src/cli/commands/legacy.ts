import type { Command } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { findMigration } from '../../app/pipeline.ts';
import {
  type FreezeProof,
  freeze,
  type LegacyTables,
  type StillAble,
  unfreeze,
  verifyFreeze,
} from '../../source/index.ts';
import { action, configOf, operatorName } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { recorded } from '../recorded.ts';

function legacyTables(migration: string): LegacyTables {
  const config = configOf();
  const { name, tables } = findMigration(config, migration);
  return { url: config.sourceUrl(migration), migration: name, tables: tables.map((table) => table.name) };
}

function sayAble({ write, own }: StillAble): void {
  if (write.length > 0)
    process.stdout.write(
      `${pc.yellow('can write still')} ${write.join(', ')}: superusers and members of pg_write_all_data\n`,
    );
  const others = own.filter((role) => !write.includes(role));
  if (others.length > 0)
    process.stdout.write(`${pc.yellow('can grant it to themselves')} ${others.join(', ')}: owners\n`);
}

const HELP = `
What a freeze takes is kept in sluice_cdc.freeze of the source database, and a replication slot (sluice_freeze_<migration>)
keeps its log: run verify often, it lets go of what it has looked through. What is proved by which means, and what is not:
docs/supabase-tools.md.

Exit codes: 0 done or proved, 1 not proved or not all given back, 2 wrong call or setting.`;

export function registerLegacyCommands(program: Command): void {
  const legacy = program
    .command('legacy')
    .description("a migration's source tables, made read-only")
    .addHelpText('after', HELP);

  legacy
    .command('freeze')
    .description('take the right to write from every role that has it, and keep what was taken')
    .argument('[migration]', 'whose source tables', 'supabase')
    .option('--wait <seconds>', 'how long to wait for those who are writing; new ones queue meanwhile', '30')
    .option('--by <name>', 'who decides it (default: the login name)')
    .option('--dry-run', 'say what would be taken, and change nothing')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: { wait: string; by?: string; dryRun?: boolean; json?: boolean }) => {
        const frozen = await freeze(legacyTables(migration), {
          by: operatorName(options.by),
          waitSeconds: Number(options.wait) || 30,
          dryRun: options.dryRun === true,
        });
        if (options.dryRun !== true)
          await recordFrozen(migration, 'legacy freeze', { readOnly: true, provenSeconds: 0 });
        if (options.json) printJson({ ...frozen, dryRun: options.dryRun === true });
        else {
          printTable(
            ['table', 'rows', options.dryRun ? 'would be taken' : 'taken'],
            frozen.rows.map(({ table, rows }) => [
              table,
              rows,
              takenOf(frozen.revoked.filter((one) => one.table === table)),
            ]),
          );
          if (!options.dryRun) process.stdout.write(`frozen at ${frozen.lsn}\n`);
          sayAble(frozen.stillAble);
        }
        return EXIT.ok;
      }),
    );

  legacy
    .command('verify')
    .description('prove from the log and from the rows that no transaction has written since; exit code 1 when not')
    .argument('[migration]', 'whose source tables', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: { json?: boolean }) => {
        const proof = await verifyFreeze(legacyTables(migration));
        await recordProof(migration, proof);
        if (options.json) printJson(proof);
        else {
          if (proof.unproven !== null) process.stdout.write(`${pc.red('not proved')} ${proof.unproven}\n`);
          for (const { table, writes, transactions, lsn } of proof.writes)
            process.stdout.write(
              `${pc.red('written')} ${table}: ${writes} writes of ${transactions} transactions, the first at ${lsn}\n`,
            );
          for (const { table, what } of proof.changed) process.stdout.write(`${pc.red('changed')} ${table} ${what}\n`);
          for (const { table, grantee, privilege } of proof.granted)
            process.stdout.write(`${pc.red('granted')} ${table}: ${privilege} to ${grantee}\n`);
          if (proof.proven)
            process.stdout.write(
              `${pc.green('proved')} no write was committed from ${proof.from} to ${proof.to}, frozen ${proof.frozenAt}\n`,
            );
          sayAble(proof.stillAble);
        }
        return proof.proven ? EXIT.ok : EXIT.failure;
      }),
    );

  legacy
    .command('unfreeze')
    .description('give back exactly what was taken')
    .argument('[migration]', 'whose source tables', 'supabase')
    .option('--by <name>', 'who decides it (default: the login name)')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: { by?: string; json?: boolean }) => {
        const { given, lost } = await unfreeze(legacyTables(migration), operatorName(options.by));
        await recordFrozen(migration, 'legacy unfreeze', { readOnly: false, provenSeconds: 0 });
        if (options.json) printJson({ given, lost });
        else {
          process.stdout.write(`${given.length} rights given back\n`);
          for (const { table, grantee, grantor, privilege } of lost)
            process.stdout.write(`${pc.red('lost')} ${table}: ${privilege} to ${grantee}, granted by ${grantor}\n`);
        }
        return lost.length === 0 ? EXIT.ok : EXIT.failure;
      }),
    );
}

/** For how long no write is proved: what is not proved counts for nothing. */
async function recordProof(migration: string, proof: FreezeProof): Promise<void> {
  const { proven, writes, changed, granted, frozenAt } = proof;
  const seconds = Math.max(0, (systemClock.now() - Date.parse(frozenAt)) / 1000);
  const written = writes.reduce((sum, one) => sum + one.writes, 0) + changed.length;
  await recordFrozen(migration, 'legacy verify', {
    readOnly: proven && granted.length === 0,
    provenSeconds: proven ? seconds : 0,
    // what cannot be proved is not none
    writes: proven ? written : Math.max(1, written),
  });
}

async function recordFrozen(
  migration: string,
  source: string,
  found: { readonly readOnly: boolean; readonly provenSeconds: number; readonly writes?: number },
): Promise<void> {
  const sample = legacyTables(migration).tables.length;
  await recorded(configOf(), { migration, source }, [
    { figure: 'legacy.readOnly', value: found.readOnly ? 1 : 0, sample },
    { figure: 'legacy.provenSeconds', value: found.provenSeconds, sample },
    ...(found.writes === undefined ? [] : [{ figure: 'legacy.writes' as const, value: found.writes, sample }]),
  ]);
}

const takenOf = (grants: readonly { readonly grantee: string; readonly privilege: string }[]): string => {
  const roles = [...new Set(grants.map(({ grantee }) => grantee))];
  return (
    roles
      .map(
        (role) =>
          `${role}: ${[...new Set(grants.filter((one) => one.grantee === role).map((one) => one.privilege))].join(', ')}`,
      )
      .join('; ') || '-'
  );
};

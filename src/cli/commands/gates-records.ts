import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { openGateRecords, verifyRecords } from '../../app/gates/records.ts';
import { signOff, signSamples } from '../../app/gates/sign-off.ts';
import { type GateRecord, SluiceError } from '../../core/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface SignOptions {
  readonly by?: string;
  readonly reason: string;
  readonly samples?: string;
  readonly json?: boolean;
}

interface HistoryOptions {
  readonly profile?: string;
  readonly migration?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const VERIFY_HELP = `
Reads all records and finds one that was changed, taken out, put in, moved or cut off the end. The chain by itself cannot tell
the last of these, nor that all of it was written anew: for that its heads are anchored in a file outside of the database, and
printed; --head compares with one that you have kept.

Exit codes: 0 whole, 1 something is wrong with it, or nothing is anchored, 2 wrong call or setting.`;

export function registerGateRecordCommands(gates: Command): void {
  gates
    .command('sign-off')
    .description('put your name under a judgement that is a PASS, or under a pack of FHIR samples')
    .argument('[record]', 'its number, as `sluice gates check` says it', numberOf)
    .requiredOption('--reason <text>', 'why you sign')
    .option('--by <name>', 'who signs (default: the login name)')
    .option('--samples <dir>', 'the folder of a pack of `sluice fhir sample-pack`, in place of a record')
    .option('--json', 'one JSON line')
    .action(action(sign));

  gates
    .command('history')
    .description('judgements and signatures, newest first')
    .option('--profile <name>', 'of one profile')
    .option('--migration <name>', 'of one migration')
    .option('--limit <n>', 'so many', numberOf, 30)
    .option('--json', 'one JSON line')
    .action(action(history));

  gates
    .command('verify')
    .description('prove that no record was changed, taken out, put in, moved or cut off')
    .option('--head <seq:hash>', 'a head you have kept, too')
    .option('--json', 'one JSON line')
    .addHelpText('after', VERIFY_HELP)
    .action(action(verify));
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('A number from 1 on, please.');
  return Number(text);
}

async function sign(seq: number | undefined, options: SignOptions): Promise<number> {
  const { samples, reason, json } = options;
  if ((seq === undefined) === (samples === undefined))
    throw new SluiceError('CONFIG_INVALID', 'name a record, or --samples: one of the two');
  const signature = { by: operatorName(options.by), reason, at: new Date(systemClock.now()).toISOString() };
  const record = await withPipeline('supabase', { needsSchemas: false }, async (open, config) => {
    const records = openGateRecords(config, open.pool);
    if (seq !== undefined) return signOff(records, seq, signature);
    const pack = { folder: samples ?? '', migration: open.migration.name };
    return signSamples(records, new PostgresMeasurements(open.pool), pack, signature);
  });
  sayRecord(record, json);
  return EXIT.ok;
}

/** Says a record that was added, and the head of the chain that it is. */
export function sayRecord(record: GateRecord, json: boolean | undefined): void {
  const { seq, kind, subject, actor, hash } = record;
  if (json) printJson(record);
  else process.stdout.write(`${kind} ${subject} by ${actor}: record ${seq}, ${hash}\n`);
}

async function history({ profile, migration, limit, json }: HistoryOptions): Promise<number> {
  const found = await withPipeline('supabase', { needsSchemas: false }, (open, config) =>
    openGateRecords(config, open.pool).newest(
      {
        kinds: ['evaluation', 'sign-off', 'samples'],
        ...(profile === undefined ? {} : { subject: profile }),
        ...(migration === undefined ? {} : { migration }),
      },
      limit,
    ),
  );
  if (json) printJson(found);
  else
    printTable(
      ['record', 'at', 'what', 'of', 'verdict', 'by', ''],
      found.map((one) => [
        one.seq,
        one.at,
        one.kind,
        one.subject.slice(0, 24),
        one.verdict ?? '-',
        one.actor,
        detail(one),
      ]),
    );
  return EXIT.ok;
}

function detail({ kind, content }: GateRecord): string {
  if (kind === 'sign-off') return `of record ${String(content.evidence)}: ${String(content.reason)}`;
  if (kind === 'samples') return String(content.reason);
  const clauses = (Array.isArray(content.clauses) ? content.clauses : []) as { clause: string; status: string }[];
  return clauses.flatMap(({ clause, status }) => (status === 'FAIL' ? [clause] : [])).join(' ');
}

async function verify({ head, json }: { head?: string; json?: boolean }): Promise<number> {
  const told = head === undefined ? null : headOf(head);
  const report = await withPipeline('supabase', { needsSchemas: false }, (open, config) =>
    verifyRecords(config, openGateRecords(config, open.pool), told),
  );
  if (json) printJson(report);
  else {
    for (const { what, message } of report.faults) process.stdout.write(`${pc.red(what)} ${message}\n`);
    const last = report.head === null ? 'no record' : `the head is ${report.head.seq}:${report.head.hash}`;
    if (report.unanchored > 0) process.stdout.write(`${pc.yellow('not anchored')} the last ${report.unanchored}\n`);
    process.stdout.write(
      `${report.records} records, ${report.whole ? pc.green('whole') : pc.red('NOT whole')}; ${last}\n`,
    );
  }
  return report.whole ? EXIT.ok : EXIT.failure;
}

function headOf(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^([1-9]\d*):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new SluiceError(
      'CONFIG_INVALID',
      '--head is a number, a colon and a hash, as `sluice gates verify` prints it',
    );
  return { seq: Number(seq), hash };
}

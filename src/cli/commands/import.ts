import { type Command, InvalidArgumentError } from 'commander';
import { openLegacy } from '../../app/supabase/legacy.ts';
import { importTemperatures, type RejectedLine } from '../../app/supabase/temperature-csv.ts';
import { namesOf, readingsIntoSource } from '../../app/supabase/temperature-entry.ts';
import { replaceFile } from '../../app/text-file.ts';
import { csvLine } from '../../core/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';

interface ImportOptions {
  readonly batch: number;
  readonly rejects?: string;
  readonly json?: boolean;
}

const batchArgument = (text: string): number => {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('A number from 1 to 9999, please.');
  return Number(text);
};

const SHOWN = 20;
const TOLD = 1000;

const HELP = `
The first line names the columns, in any order:
  storage_location, recorded_at (with its zone), temperature_c (three decimals at most)   must be there
  stock_id or item_name   the item it is of
  is_excursion            true or false; when empty, whether it is outside the item's limits
  excursion_reason, resolved_at, notes
  id                      a UUID; when empty, one of place, item, time and device_id: the same line is the same reading

Readings go into the source's own table, and from there to the new store and to FHIR as all its rows do. A file may be
imported again, or after it was stopped: what is there is known. A bad line is told with its number and left out:
CSV_… (no CSV), NOT_UTF8, MISFIT (with the columns), NO_SUCH_ITEM, CONFLICT (another reading has its id).

Exit codes: 0 all lines are in, 1 some were rejected or it failed, 2 wrong call, file or setting.`;

export function registerImportCommand(program: Command): void {
  program
    .command('import')
    .description('bring in rows from files')
    .command('temperature-logs')
    .description('bring in temperature readings from a CSV file')
    .argument('<file>', 'CSV in UTF-8')
    .option('--batch <n>', 'readings a transaction', batchArgument, 500)
    .option('--rejects <file>', 'write line, problem and columns of each rejected line there, as CSV')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(action(importFile));
}

async function importFile(file: string, options: ImportOptions): Promise<number> {
  const config = configOf();
  const legacy = openLegacy(config.sourceUrl('supabase'));
  const line = progressLine(process.stderr);
  const rejected: RejectedLine[] = [];
  try {
    const report = await importTemperatures({
      file,
      names: namesOf(config),
      into: readingsIntoSource(legacy),
      batch: options.batch,
      onRejected: (one) => void rejected.push(one),
      tell: (now) =>
        line.show(null, `${now.lines} lines, ${now.stored} stored, ${now.known} known, ${now.rejected} rejected`),
    });
    line.end();
    rejected.sort((x, y) => x.line - y.line);
    if (options.rejects !== undefined) replaceFile(options.rejects, rejectsFile(rejected), '--rejects');
    if (options.json) printJson({ ...report, rejects: rejected.slice(0, TOLD) });
    else {
      process.stdout.write(
        `${report.lines} lines: ${report.stored} stored, ${report.known} known, ${report.rejected} rejected\n`,
      );
      for (const one of rejected.slice(0, SHOWN))
        process.stdout.write(`  line ${one.line}: ${[one.problem, ...one.columns].join(' ')}\n`);
      if (rejected.length > SHOWN)
        process.stdout.write(`  and ${rejected.length - SHOWN} more; --rejects has them all\n`);
    }
    return report.rejected === 0 ? EXIT.ok : EXIT.failure;
  } finally {
    line.end();
    await legacy.close();
  }
}

const rejectsFile = (rejected: readonly RejectedLine[]): string =>
  csvLine(['line', 'problem', 'columns']) +
  rejected.map((one) => csvLine([String(one.line), one.problem, one.columns.join(' ')])).join('');

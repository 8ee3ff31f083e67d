import { type Command, InvalidArgumentError } from 'commander';
import { isoNow, systemClock } from '../../app/clock.ts';
import type { Figure } from '../../app/gates/measure.ts';
import { createLog } from '../../app/logger.ts';
import { type SampleReport, writeSamplePack } from '../../app/supabase/sample-pack.ts';
import { DEFAULTS, Names, questionnaire } from '../../migrations/supabase/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { createFhirSink } from '../../sinks/fhir/index.ts';
import { action, configOf, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { recorded } from '../recorded.ts';

interface PackOptions {
  readonly perType: number;
  readonly out: string;
  readonly redact?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

const countArgument = (text: string): number => {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('A number from 1 to 9999, please.');
  return Number(text);
};

const SHOWN = 20;

const HELP = `
Resources are read back from the FHIR server, by ids spread over all that was delivered, and written to DIR/<Type>/<id>.json;
DIR/report.json has the counts and what the validator found, by file, place and rule. They hold patients' data: with
--redact ids get other names (references still meet), all times are moved by a number of days nobody knows, of a birth date
the year is left, and every text that is no code, system or status is "redacted"; both forms are validated. Answers of yes
and no, codes and measured values stay. The folder must be empty.

Exit codes: 0 written and nothing found, 1 something is missing or has a fault, or it failed, 2 wrong call or setting.`;

export function registerFhirCommand(program: Command): void {
  const fhir = program.command('fhir').description('what lies at the FHIR server');
  fhir
    .command('questionnaire')
    .description('write the intake form that QuestionnaireResponses name, as a Questionnaire (JSON)')
    .addHelpText(
      'after',
      '\nIts address is under SLUICE_ID_BASE, as theirs is. Exit codes: 0 written, 2 wrong call or setting.',
    )
    .action(
      action(async () => {
        const { base } = configOf();
        process.stdout.write(
          `${JSON.stringify(questionnaire(new Names({ ...DEFAULTS, ...(base ? { base } : {}) })), null, 2)}\n`,
        );
        return EXIT.ok;
      }),
    );
  fhir
    .command('sample-pack')
    .description('write some real resources of each type, with the report of the validator, for sign-off')
    .requiredOption('--out <dir>', 'a new folder')
    .option('--per-type <n>', 'so many of each type', countArgument, 5)
    .option('--redact', 'take out what tells of whom they are')
    .option('--seed <text>', 'another seed, other resources', '1')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((options: PackOptions) =>
        withPipeline('supabase', {}, async (open, config) => {
          const line = progressLine(process.stderr);
          const log = createLog({ level: 'warn', write: (text) => void process.stderr.write(text) });
          const { fhir: baseUrl, fhirHeaders: headers } = config;
          const sink = createFhirSink({ baseUrl, pipeline: open.name, headers, log, clock: systemClock });
          try {
            const report = await writeSamplePack({
              open,
              sink,
              perType: options.perType,
              out: options.out,
              redact: options.redact === true,
              seed: options.seed,
              now: isoNow,
              tell: (type) => line.show(null, type),
            });
            line.end();
            await recorded(config, { migration: 'supabase', source: 'fhir sample-pack' }, packFigures(report));
            if (options.json) printJson(report);
            else show(report, options.out);
            const isGood = report.faults.length === 0 && report.types.every(({ missing }) => missing === 0);
            return isGood ? EXIT.ok : EXIT.failure;
          } finally {
            line.end();
            await sink.close();
          }
        }),
      ),
    );
}

/** What is wrong with a pack; nobody has put a name under it yet, whoever signed the one before. */
function packFigures({ types, faults }: SampleReport): readonly Figure[] {
  const sample = types.reduce((sum, { sampled }) => sum + sampled, 0);
  const coverage = types.length === 0 ? 0 : types.filter(({ sampled }) => sampled > 0).length / types.length;
  const missing = types.reduce((sum, one) => sum + one.missing, 0);
  return [
    { figure: 'samples.faults', value: faults.length + missing, sample, coverage },
    { figure: 'samples.signedOff', value: 0, sample },
  ];
}

function show({ types, faults, validator }: SampleReport, out: string): void {
  printTable(
    ['type', 'delivered', 'sampled', 'missing', 'faults'],
    types.map((one) => [one.type, one.there, one.sampled, one.missing, one.faults]),
  );
  for (const { file, path, rule } of faults.slice(0, SHOWN)) process.stdout.write(`${file}: ${path}: ${rule}\n`);
  process.stdout.write(`validated by: ${validator}\n`);
  process.stdout.write(
    `in ${out}, ${faults.length === 0 ? 'no fault found' : `${faults.length} faults: see report.json`}\n`,
  );
}

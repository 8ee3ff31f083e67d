import type { Command } from 'commander';
import { discardShadow, shadowDiff } from '../../app/shadow/diff.ts';
import { promoteShadow } from '../../app/shadow/promote.ts';
import { action, configOf, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { withContract } from './replay-contract.ts';

interface ShadowOptions {
  readonly keys?: boolean;
  readonly deliver?: boolean;
  readonly by?: string;
  readonly contract?: string;
  readonly json?: boolean;
}

const PROMOTE_HELP = `
At equal progress, with landing and deriving held back, the target schemas of PostgreSQL change places with those of the
shadow in one transaction: readers see all of it or nothing. What goes to FHIR and DynamoDB is delivered by the live
worker, as any change is; --deliver does so for PostgreSQL, too. Refused for a shadow that was not replayed from the
beginning of topics that hold all rows, or that other rules have made (release, settings, contract), while anything is
halted or a gap is open, and where a schema holds rows that no replay makes.

Run the live workers by the same rules (release, contract) before: what they derive next is by theirs.
The shadow stays and then holds what was live, until it is discarded.`;

/** Subcommands share names with options of \`replay\` itself, so each asks with its parents' values. */
const given = (command: Command): ShadowOptions => command.optsWithGlobals();

export function registerShadowCommands(replay: Command): void {
  replay
    .command('diff')
    .description(
      'documents and fields that would change, grouped by rule, flow, target and path; exit code 3 when any would',
    )
    .argument('<shadow>')
    .argument('[migration]', 'whose', 'supabase')
    .option('--keys', 'show keys as they are, not their hashes: they may be patient data')
    .option('--contract <file>', 'pas: the contract it was replayed by, whose rules are named')
    .option('--json', 'one JSON line')
    .action(
      action(async (shadow: string, migration: string, _: ShadowOptions, command: Command) => {
        const options = given(command);
        const by = withContract(configOf(), migration, options.contract);
        return withPipeline(migration, { pipeline: shadow, needsSchemas: false, config: by }, async (open) => {
          const diff = await shadowDiff(open, options.keys === true);
          if (options.json) printJson(diff);
          else if (diff.changes.length === 0) process.stdout.write('nothing would change\n');
          else
            printTable(
              ['rule', 'flow', 'target', 'what', 'path', 'documents', 'some of them'],
              diff.changes.map((c) => [
                ...[c.rule, c.flow, c.target, c.kind, c.path || '-', c.count],
                c.keys.slice(0, 3).join(' '),
              ]),
            );
          if (!diff.whole && options.json !== true)
            process.stdout.write('not replayed from the beginning: what only the live run has was not compared\n');
          return diff.changes.length > 0 ? EXIT.drift : EXIT.ok;
        });
      }),
    );

  replay
    .command('promote')
    .description('make a shadow live')
    .argument('<shadow>')
    .argument('[migration]', 'whose', 'supabase')
    .option('--deliver', 'switch no tables: the live worker writes what differs')
    .option('--by <name>', 'who decides')
    .option('--contract <file>', 'pas: the contract it was replayed by, where that is not the one in force')
    .option('--json', 'one JSON line')
    .addHelpText('after', PROMOTE_HELP)
    .action(
      action(async (shadow: string, migration: string, _: ShadowOptions, command: Command) => {
        const options = given(command);
        const by = withContract(configOf(), migration, options.contract);
        return withPipeline(migration, { pipeline: shadow, needsSchemas: false, config: by }, async (open, config) => {
          const done = await promoteShadow(config, open, {
            by: operatorName(options.by),
            deliver: options.deliver === true,
            onProgress: (stage) => {
              if (options.json !== true && process.stderr.isTTY) process.stderr.write(`${stage}\n`);
            },
          });
          if (options.json) printJson(done);
          else
            process.stdout.write(
              `${shadow} is live: ${done.switched.length} schemas switched, ${done.marked} roots to be delivered, ${done.unsettled} to be settled\n`,
            );
          return EXIT.ok;
        });
      }),
    );

  replay
    .command('discard')
    .description('drop a shadow: its ledger and its schemas')
    .argument('<shadow>')
    .argument('[migration]', 'whose', 'supabase')
    .option('--by <name>', 'who decides')
    .option('--json', 'one JSON line')
    .action(
      action(async (shadow: string, migration: string, _: ShadowOptions, command: Command) => {
        const options = given(command);
        return withPipeline(migration, { pipeline: shadow, needsSchemas: false }, async (open) => {
          await discardShadow(open, operatorName(options.by));
          if (options.json) printJson({ discarded: shadow });
          else process.stdout.write(`${shadow} is gone\n`);
          return EXIT.ok;
        });
      }),
    );
}

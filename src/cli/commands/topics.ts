import type { Command } from 'commander';
import pc from 'picocolors';
import { topicFolder } from '../../app/folders.ts';
import { silentLog } from '../../core/index.ts';
import { applyTopics, diffTopics, readTopics } from '../../source/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface TopicOptions {
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerTopicCommands(program: Command): void {
  const topics = program.command('topics').description('the topics of topics/<migration>.yaml');

  topics
    .command('apply')
    .description('make what is missing and set what differs; idempotent')
    .argument('[migration]', 'whose', 'supabase')
    .option('--force', 'also raise partition counts: keys then move, so drain first')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: TopicOptions) => {
        const wanted = await readTopics(topicFolder, migration, configOf().prefix);
        const { changed, left } = await applyTopics(
          configOf().kafka,
          wanted,
          { force: options.force === true },
          silentLog,
        );
        if (options.json) printJson({ changed, left });
        else if (changed.length + left.length === 0)
          process.stdout.write(`${wanted.length} topics as they should be\n`);
        else {
          for (const one of changed)
            process.stdout.write(`${pc.green('done')} ${one.topic} ${one.what} ${one.wanted}\n`);
          for (const one of left) {
            process.stdout.write(`${pc.yellow('left')} ${one.topic} ${one.what} is ${one.found}, not ${one.wanted}\n`);
          }
        }
        return left.length > 0 ? EXIT.drift : EXIT.ok;
      }),
    );

  topics
    .command('diff')
    .description('what differs between the file and the broker; exit code 3 when anything does')
    .argument('[migration]', 'whose', 'supabase')
    .option('--json', 'one JSON line')
    .action(
      action(async (migration: string, options: TopicOptions) => {
        const drift = await diffTopics(
          configOf().kafka,
          await readTopics(topicFolder, migration, configOf().prefix),
          silentLog,
        );
        if (options.json) printJson(drift);
        else if (drift.length === 0) process.stdout.write('no drift\n');
        else
          printTable(
            ['topic', 'what', 'wanted', 'found'],
            drift.map((d) => [d.topic, d.what, d.wanted, d.found]),
          );
        return drift.length > 0 ? EXIT.drift : EXIT.ok;
      }),
    );
}

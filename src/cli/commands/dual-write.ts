import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { listSwitches, setSwitch, tableSwitches } from '../../app/supabase/dual-write.ts';
import { SluiceError } from '../../core/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface SetOptions {
  readonly reason: string;
  readonly by?: string;
  readonly json?: boolean;
}

const stateArgument = (text: string): boolean => {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('on or off, please.');
  return text === 'on';
};

const HELP = `
Tasks of a type that is off are landed and not written to the new side: what changes in them is held back, whole, until the
type is on again, and is written then. A type that was never switched is on. A switch holds within a second or two in every
process, without a restart; each change of it is kept with its reason in compliance.dual_write_change.`;

export function registerDualWriteCommand(program: Command): void {
  const command = program
    .command('dual-write')
    .description('which types of compliance tasks are written on both sides')
    .addHelpText('after', HELP);

  command
    .command('ls')
    .description('how each type is switched, types that are seen in tasks among them')
    .option('--json', 'one JSON line')
    .action(
      action(({ json }: { json?: boolean }) =>
        withPipeline('supabase', {}, async (open) => {
          const states = await listSwitches(open);
          if (json) printJson(states);
          else
            printTable(
              ['task type', '', 'tasks', 'held back', 'since', 'by'],
              states.map((one) => [
                one.taskType,
                one.isOn ? 'on' : 'off',
                one.tasks,
                one.held,
                one.changedAt?.slice(0, 19) ?? '',
                one.changedBy ?? '',
              ]),
            );
          return EXIT.ok;
        }),
      ),
    );

  command
    .command('is-on')
    .description('ask for one type, as those who write ask: exit code 0 on, 1 off')
    .argument('<task-type>', 'as in compliance.task')
    .option('--json', 'one JSON line')
    .action(
      action((taskType: string, { json }: { json?: boolean }) =>
        withPipeline('supabase', {}, async ({ pool }) => {
          const isOn = await tableSwitches(pool, systemClock).isOn(taskType);
          if (json) printJson({ taskType, isOn });
          else process.stdout.write(`${isOn ? 'on' : 'off'}\n`);
          return isOn ? EXIT.ok : EXIT.failure;
        }),
      ),
    );

  command
    .command('set')
    .description('switch a type on or off')
    .argument('<task-type>', 'as in compliance.task')
    .argument('<state>', 'on or off', stateArgument)
    .requiredOption('--reason <text>', 'why, for the record; no patient data')
    .option('--by <name>', 'who decides')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((taskType: string, isOn: boolean, options: SetOptions) =>
        withPipeline('supabase', {}, async ({ pool }) => {
          if (taskType.trim() === '') throw new SluiceError('CONFIG_INVALID', 'name a task type');
          const by = operatorName(options.by);
          const changed = await setSwitch(pool, { taskType, isOn, by, reason: options.reason });
          if (options.json) printJson({ taskType, isOn, changed });
          else process.stdout.write(`${taskType} is ${isOn ? 'on' : 'off'}${changed ? '' : ', as it was'}\n`);
          return EXIT.ok;
        }),
      ),
    );
}

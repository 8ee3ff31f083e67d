import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { registerSeedCommand } from '../../src/cli/commands/seed.ts';
import { registerTrafficCommand } from '../../src/cli/commands/traffic.ts';

function program(): Command {
  const command = new Command('sluice').exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  registerSeedCommand(command);
  registerTrafficCommand(command);
  for (const child of command.commands)
    child.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  return command;
}

describe('seed and traffic', () => {
  test.each(['seed', 'traffic'])('%s --help can be shown', (name) => {
    const command = program().commands.find((child) => child.name() === name);
    expect(command?.helpInformation()).toMatch(/--seed <n>.*\(default: 1\).*--url.*--json/s);
  });

  test.each([
    ['seed', 'nobody'],
    ['seed', 'supabase', '--rows', '-3'],
    ['seed', 'supabase', '--dirty', '2'],
    ['seed', 'supabase', '--seed', 'abc'],
    ['seed', 'supabase', '--seed', String(2n ** 64n)],
    ['traffic', 'supabase', '--rate', '0'],
    ['traffic', 'supabase', '--rate', '501'],
    ['traffic', 'supabase', '--for', 'soon'],
    ['traffic', 'supabase', '--for', '0s'],
  ])('%s %s %s %s is refused before anything is opened', async (...words) => {
    await expect(program().parseAsync(words, { from: 'user' })).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
  });
});

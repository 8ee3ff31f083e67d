import { Command } from 'commander';
import { afterEach, expect, it, vi } from 'vitest';
import { registerReplayCommand } from '../../src/cli/commands/replay.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function refusalOf(...call: readonly string[]): Promise<string> {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const program = new Command();
  registerReplayCommand(program);
  await program.parseAsync(call, { from: 'user' });
  expect(process.exitCode).toBe(2);
  return said.mock.calls.join('');
}

it('another contract is for shadows: live is made by the one in force', async () => {
  const call = ['replay', 'pas', '--from-beginning', '--contract', '.'];
  expect(await refusalOf(...call)).toMatch(/--contract needs --into/);
});

it('a shadow is promoted by a contract, too, though the option is one of the replay itself', async () => {
  expect(await refusalOf('replay', 'promote', 'next', '--contract', '.')).toMatch(/--contract is for pas/);
  expect(await refusalOf('replay', 'promote', 'next', 'pas', '--contract', 'nowhere')).toMatch(/there is no nowhere/);
});

import { Command } from 'commander';
import { afterEach, expect, it, vi } from 'vitest';
import { registerReplayCommand } from '../../src/cli/commands/replay.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it('another contract is for shadows: live is made by the one in force', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const program = new Command();
  registerReplayCommand(program);
  await program.parseAsync(['replay', 'pas', '--from-beginning', '--contract', '.'], { from: 'user' });
  expect(process.exitCode).toBe(2);
  expect(said.mock.calls.join('')).toMatch(/--contract needs --into/);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import {
  down,
  PORTS,
  partsFrom,
  type StackAddresses,
  type StackSettings,
  stackSettings,
  up,
} from '../../src/stack/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
    stackSettings: StackSettings;
  }
}

interface SharedStack {
  readonly settings: StackSettings;
  readonly addresses: StackAddresses;
  /** null: somebody else's */
  readonly home: string | null;
}

/** Each project of a run loads this file for itself; the stack is one all the same. */
const shared = globalThis as { sluiceStack?: Promise<SharedStack>; sluiceStackUsers?: number };

async function start(): Promise<SharedStack> {
  const say = (part: string, state: string, detail: string): void => console.log(`stack: ${part} ${state} ${detail}`);
  const given = process.env.SLUICE_TEST_STACK_HOME;
  const home = given === undefined ? mkdtempSync(join(tmpdir(), 'sluice-stack-')) : null;
  const ports = Object.fromEntries(Object.entries(PORTS).map(([name, [, port]]) => [name, port + 1000]));
  // what watches is started by the suite that looks at it
  const without = [...partsFrom(process.env.SLUICE_WITHOUT ?? ''), 'prometheus', 'alertmanager'] as const;
  const settings =
    home === null
      ? stackSettings({ home: given as string, without })
      : stackSettings({ home, ports: ports as StackSettings['ports'], provider: 'processes', without });
  return { settings, home, addresses: await up(settings, { waitForFhir: true }, say) };
}

/**
 * One stack for the whole run, on ports of its own; `SLUICE_TEST_STACK_HOME` names one that is up already, and
 * `SLUICE_WITHOUT` the parts that the tests of this run do not need.
 */
export async function setup(project: TestProject): Promise<void> {
  shared.sluiceStackUsers = (shared.sluiceStackUsers ?? 0) + 1;
  shared.sluiceStack ??= start();
  const { settings, addresses } = await shared.sluiceStack;
  project.provide('stack', addresses);
  project.provide('stackSettings', settings);
}

export async function teardown(): Promise<void> {
  shared.sluiceStackUsers = (shared.sluiceStackUsers ?? 1) - 1;
  const stack = await shared.sluiceStack;
  if (shared.sluiceStackUsers > 0 || !stack || stack.home === null) return;
  await down(stack.settings, { purge: true });
  rmSync(stack.home, { recursive: true, force: true });
}

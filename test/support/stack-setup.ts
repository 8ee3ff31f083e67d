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

let settings: StackSettings;
let home: string | null = null;

/**
 * One stack for the whole run, on ports of its own; `SLUICE_TEST_STACK_HOME` names one that is up already, and
 * `SLUICE_WITHOUT` the parts that the tests of this run do not need.
 */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env.SLUICE_TEST_STACK_HOME;
  if (given !== undefined) settings = stackSettings({ home: given });
  else {
    home = mkdtempSync(join(tmpdir(), 'sluice-stack-'));
    const ports = Object.fromEntries(Object.entries(PORTS).map(([name, [, port]]) => [name, port + 1000]));
    const without = partsFrom(process.env.SLUICE_WITHOUT ?? '');
    settings = stackSettings({ home, ports: ports as StackSettings['ports'], provider: 'processes', without });
  }
  const say = (part: string, state: string, detail: string): void => console.log(`stack: ${part} ${state} ${detail}`);
  const addresses = await up(settings, { waitForFhir: true }, say);
  project.provide('stack', addresses);
  project.provide('stackSettings', settings);
}

export async function teardown(): Promise<void> {
  if (home === null) return;
  await down(settings, { purge: true });
  rmSync(home, { recursive: true, force: true });
}

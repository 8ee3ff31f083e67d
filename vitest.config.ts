import { defineConfig } from 'vitest/config';
import { sabotage } from './test/support/sabotage.ts';

export default defineConfig({
  test: {
    // at its first clean end each JVM writes its class archive, which takes longer than vitest's ten seconds
    teardownTimeout: 180_000,
    projects: [
      {
        plugins: [sabotage()],
        test: {
          name: 'nightly',
          include: ['test/**/*.nightly.ts'],
          globalSetup: ['test/support/stack-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // long, and written down; no server is needed
        test: { name: 'report', include: ['test/**/*.report.ts'], testTimeout: 600_000, sequence: { groupOrder: 5 } },
      },
      {
        test: {
          name: 'bench',
          include: ['test/**/*.bench.ts'],
          globalSetup: ['test/support/stack-setup.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        plugins: [sabotage()],
        test: { name: 'unit', include: ['test/**/*.test.ts'], testTimeout: 20_000, sequence: { groupOrder: 0 } },
      },
      {
        plugins: [sabotage()],
        test: {
          name: 'stack',
          include: ['test/**/*.stack.ts'],
          globalSetup: ['test/support/stack-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 180_000,
          // most of a suite is waiting: two fill two cores
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // what kills a server of the shared stack, or counts on being its only user, has it for itself
        plugins: [sabotage()],
        test: {
          name: 'alone',
          include: ['test/**/*.alone.ts'],
          globalSetup: ['test/support/stack-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

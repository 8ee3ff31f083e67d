import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../../src/app/clock.ts';
import type { DynamoDbPlace } from '../../../src/app/dynamodb.ts';
import { TABLE_TARGETS, tableName } from '../../../src/migrations/dos/index.ts';
import { createTables } from '../../../src/sinks/dynamodb/index.ts';
import { dropTables } from '../../support/dynamodb-items.ts';
import { ServedDirectory } from './served-directory.ts';
import { isEvent, isQueue, isTriage, OTHERWISE, readVectors, type ServiceCase, type Vector } from './vector-cases.ts';
import { Differences, runCase, runEvents, runQueue, runTriageOn } from './vectors.ts';

const { isThere, reference, vectors } = readVectors();
const workspace = `v${randomUUID().slice(0, 8)}`;

const place: DynamoDbPlace = {
  url: inject('stack').dynamodb,
  region: 'eu-west-2',
  credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
  clock: systemClock,
  tableName: ({ table }) => tableName(table, 'test', workspace),
};

async function runOn(directory: ServedDirectory, vector: Vector): Promise<readonly string[]> {
  if (isQueue(vector)) return runQueue(vector);
  if (isTriage(vector)) return runTriageOn(directory, vector);
  if (isEvent(vector)) return runEvents(vector, reference, directory);
  const found = await runCase(vector as ServiceCase, reference, directory);
  const told = (vector as ServiceCase).timeline.flatMap(({ result }) => result?.versionHistory ?? []);
  const differences = new Differences();
  differences.add('version-history', await directory.history(), told, false);
  return [...found, ...differences.found];
}

describe.skipIf(!isThere)('cases of the reference on DynamoDB', () => {
  // nobody reads their streams here, and keeping them is half of the work
  const targets = Object.values(TABLE_TARGETS).map((target) => ({ ...target, stream: false }));
  beforeAll(() => createTables({ ...place, targets }));
  afterAll(() => dropTables(place));

  test.for(vectors.map((vector) => [vector.case, vector] as const))('%s', async ([name, vector], { task }) => {
    const directory = new ServedDirectory(place);
    const found = await runOn(directory, vector).finally(() => directory.clear());
    if (!OTHERWISE.includes(name)) return expect(found, found.join('; ')).toEqual([]);
    expect(found).not.toEqual([]);
    // counted as what it is, a case that does not pass; docs/dos.md says why it should not
    Object.assign(task.meta, { exception: 'docs/dos.md says why the product does otherwise' });
  });
});

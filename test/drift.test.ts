import { describe, expect, it } from 'vitest';
import { connectorFolder, topicFolder } from '../src/app/folders.ts';
import { loadHouseContract } from '../src/app/pas/house-contract.ts';
import { HEARTBEAT_TABLE } from '../src/app/readings.ts';
import { topicOf } from '../src/core/index.ts';
import { migrationNamed, migrationNames } from '../src/migrations/index.ts';
import { UNSENT } from '../src/source/decode/unsent.ts';
import { readConnector, readTopics } from '../src/source/index.ts';

describe.each([...migrationNames])('%s: declaration, connector and topics say the same', (name) => {
  const migration = migrationNamed(name, { pas: { ...loadHouseContract(), testData: false, approvedOnly: false } });
  if (!migration) throw new Error('no such migration');
  const tables = migration.tables.map((table) => table.name).sort();

  it('the connector captures the declared tables, and its own', async () => {
    const { source, config } = await readConnector(connectorFolder, name, '');
    expect(Object.keys(source.tables).sort()).toEqual(tables);
    const captured = config['table.include.list']?.split(',').sort();
    expect(captured).toEqual([...tables, HEARTBEAT_TABLE, 'sluice_cdc.signal'].sort());
    expect(config['unavailable.value.placeholder']).toBe(UNSENT);
    expect(config['database.password']).toMatch(/^\$\{env:/);
  });

  it('each has a raw topic that is not compacted, and each flow a dead-letter topic', async () => {
    const topics = await readTopics(topicFolder, name, '');
    const raw = topics.filter(({ kind }) => kind === 'raw');
    for (const table of [...tables, HEARTBEAT_TABLE])
      expect(raw.map((topic) => topic.name)).toContain(topicOf(name, table));
    for (const topic of raw) {
      expect(topic.config['cleanup.policy']).toBe('delete');
      expect(Number(topic.config['retention.ms'])).toBeGreaterThan(0);
    }
    const letters = topics.filter(({ kind }) => kind === 'dead-letters').map((topic) => topic.name);
    expect(letters.sort()).toEqual(migration.flows.map((flow) => `dlq.${flow.name}`).sort());
  });

  it('an instance puts its name before everything', async () => {
    const { name: connector, prefix } = await readConnector(connectorFolder, name, 'blue_');
    expect([connector, prefix]).toEqual([`blue_sluice-${name}`, 'blue_']);
    for (const topic of await readTopics(topicFolder, name, 'blue_'))
      expect(topic.name).toMatch(/^(__debezium-heartbeat\.)?blue_/);
  });
});

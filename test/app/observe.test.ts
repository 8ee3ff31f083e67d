import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { FIGURES, FILE_FIGURES } from '../../src/app/figures.ts';
import { initialiseGauges } from '../../src/app/gauges.ts';
import { createLog } from '../../src/app/logger.ts';
import { createMetrics, fileText, initialiseCounters } from '../../src/app/metrics.ts';
import { noteLog, runFields, tallyNotes } from '../../src/app/notes.ts';
import { type LogFields, type NoteLevel, silentMeter } from '../../src/core/index.ts';
import { dos, etl } from '../../src/migrations/dos/index.ts';
import { tellNote } from '../../src/pipeline/index.ts';
import { addressesOf, stackSettings } from '../../src/stack/settings.ts';
import { mini } from '../support/mini-migration.ts';

describe('log', () => {
  test('fields that are not on the list never get out, nor does the message of a cause', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', write: (line) => lines.push(line) }, { pipeline: 'p' });
    const fields = { flow: 'f', nhs_number: '9990000018', row: { surname: 'Ash' } } as LogFields;
    log.with({ worker: 'w' }).error('landing failed', fields, new Error('duplicate key (9990000018)'));
    const text = lines.join('');
    expect(text).toContain('"flow":"f"');
    expect(text).toContain('"pipeline":"p"');
    expect(text).not.toContain('9990000018');
    expect(text).not.toContain('Ash');
  });
});

describe('notes', () => {
  const rules = {
    levelOf: (): NoteLevel => 'WARNING',
    textOf: (code: string) => `text of ${code}`,
    opening: { code: 'N_000', fields: {} },
    closing: (told: ReadonlyMap<string, number>) => ({ code: 'N_999', fields: Object.fromEntries(told) }),
  } as const;

  test('have code, detail and text on their line, and are counted for the end of the run', () => {
    const lines: Record<string, unknown>[] = [];
    const write = (line: string): void => void lines.push(JSON.parse(line));
    const tally = tallyNotes(createLog({ level: 'debug', write }, { run_id: 'r' }), { ...mini, notes: rules });
    tally.open();
    tally.log.with({ flow: 'f' }).note({ code: 'N_1', fields: { sg_id: 7 } }, 'ERROR', 'said', { record_id: '12' });
    tally.close();
    expect(lines).toMatchObject([
      { code: 'N_000', level: 40, run_id: 'r', msg: 'text of N_000' },
      { code: 'N_1', level: 50, run_id: 'r', flow: 'f', record_id: '12', detail: { sg_id: 7 }, msg: 'said' },
      { code: 'N_999', detail: { N_1: 1 } },
    ]);
  });

  test('have one form, whether a worker or a command tells them', () => {
    const variables = { SLUICE_ENVIRONMENT: 'dev', SLUICE_WORKSPACE: 'w1' };
    const config = loadConfig(addressesOf(stackSettings({}, {}), false), variables);
    const migration = dos();
    const linesOf = (tell: (write: (line: string) => void) => void): Record<string, unknown>[] => {
      const lines: Record<string, unknown>[] = [];
      tell((line) => void lines.push(JSON.parse(line)));
      // where a worker is one of many, and when it was
      return lines.map(({ pipeline: _, worker: __, flow: ___, time: ____, ...line }) => line);
    };
    const note = etl('005', { reason: 'not_active' });
    const streamed = linesOf((write) => {
      const base = { pipeline: 'dos', worker: 'x', ...runFields(config, migration, 'r') };
      const tally = tallyNotes(createLog({ level: 'debug', write }, base), migration);
      tally.open();
      const of = { labels: { pipeline: 'dos', flow: 'services' }, root: '12' };
      if (migration.notes) tellNote(tally.log, silentMeter, migration.notes, note, of);
    });
    const commanded = linesOf((write) => {
      const tell = noteLog(config, migration, write, 'r');
      if (migration.notes) tell(migration.notes.opening);
      tell(note, 12);
    });
    expect(commanded).toEqual(streamed);
    const of = { run_id: 'r', environment: 'dev', workspace: 'w1', correlationId: expect.any(String) };
    expect(commanded[0]).toEqual({
      level: 30,
      msg: expect.any(String),
      code: 'DM_ETL_000',
      detail: { event: { type: 'stream' } },
      ...of,
    });
    expect(commanded[1]).toMatchObject({
      ...of,
      record_id: '12',
      code: 'DM_ETL_005',
      detail: { reason: 'not_active' },
    });
  });

  test('say of which workspace they are, where there is none too', () => {
    const config = loadConfig(addressesOf(stackSettings({}, {}), false), {});
    expect(runFields(config, dos(), 'r')).toEqual({ run_id: 'r', environment: 'local', workspace: null });
  });

  test('of a migration without such rules are none', () => {
    const lines: string[] = [];
    const tally = tallyNotes(createLog({ level: 'debug', write: (line) => lines.push(line) }), mini);
    tally.open();
    tally.close();
    expect(lines).toEqual([]);
  });
});

describe('metrics', () => {
  test('counters are there at zero before anything happens', async () => {
    const metrics = createMetrics('0');
    initialiseCounters(metrics, 'mini', mini);
    const text = await metrics.text();
    for (const result of ['derived', 'waiting', 'parked', 'failed'])
      expect(text).toContain(`sluice_roots_total{pipeline="mini",flow="children",result="${result}"} 0`);
    expect(text).toContain(
      'sluice_target_writes_total{pipeline="mini",flow="children",target="fhir.Basic",outcome="park"} 0',
    );
  });

  test('and so is all that is shown of a flow, a table or a remote store', async () => {
    const metrics = createMetrics('0');
    initialiseCounters(metrics, 'mini', mini);
    initialiseGauges(metrics, 'mini', mini);
    const text = await metrics.text();
    const of = 'pipeline="mini",flow="children"';
    for (const series of [
      ...['marks', 'intents', 'dlq_depth_records', 'dlq_oldest_age_seconds', 'waiting', 'issues'].map(
        (name) => `${name}{${of}}`,
      ),
      ...[`refused{${of},code="TARGET_REFUSED"}`, 'gap_open{pipeline="mini",kind="slot_lost"}'],
      ...['inflight_records{pipeline="mini"}', `documents_written_total{${of}}`, `derive_seconds_count{${of}}`],
      ...['land_seconds_count{pipeline="mini",table="public.child"}'],
      ...['target_write_duration_seconds_count{pipeline="mini",target="fhir"}'],
    ])
      expect.soft(text).toContain(`sluice_${series} 0`);
    // only who asks the source may say that there was no snapshot
    expect(text).not.toContain('sluice_snapshot_state{');
  });

  test('an undeclared metric is a programming error', () => {
    expect(() => createMetrics('0').count('sluice_other', {})).toThrow(RangeError);
  });

  test('codes whose rates are compared are there at zero, too', async () => {
    const metrics = createMetrics('0');
    initialiseCounters(metrics, 'dos', dos());
    const text = await metrics.text();
    for (const code of ['DM_ETL_001', 'DM_ETL_008', 'DM_ETL_038', 'DM_ETL_039'])
      expect(text).toContain(`sluice_notes_total{pipeline="dos",flow="services",code="${code}"} 0`);
  });

  test('figures of a command are written with what they mean, and none that is not declared', async () => {
    const labels = { gate: 'dos', phase: '' };
    const text = await fileText([{ name: 'sluice_gate_pass', labels, value: 1 }]);
    expect(text).toContain(`# HELP sluice_gate_pass ${FILE_FIGURES.sluice_gate_pass?.help}`);
    expect(text).toContain('sluice_gate_pass{gate="dos",phase=""} 1');
    await expect(fileText([{ name: 'sluice_other', labels: {}, value: 1 }])).rejects.toThrow(RangeError);
  });

  test('no label could hold a row', () => {
    const labels = new Set(Object.values({ ...FIGURES, ...FILE_FIGURES }).flatMap((figure) => figure.labels));
    expect([...labels].sort()).toEqual(
      [
        ...[
          'clause',
          'code',
          'commit',
          'connector',
          'engine',
          'environment',
          'flow',
          'gate',
          'kind',
          'of',
          'outcome',
          'partition',
          'phase',
          'pipeline',
          'reason',
        ],
        ...[
          'result',
          'slot',
          'stage',
          'state',
          'status',
          'store',
          'table',
          'target',
          'task',
          'topic',
          'type',
          'verdict',
          'version',
          'why',
          'workspace',
        ],
      ].sort(),
    );
  });
});

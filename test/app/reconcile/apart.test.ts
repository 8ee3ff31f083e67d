import { describe, expect, it } from 'vitest';
import { Apart, PartlyFailed, Troubles } from '../../../src/app/reconcile/apart.ts';
import { NewestScans } from '../../../src/app/reconcile/newest-scans.ts';
import { recheckOpen } from '../../../src/app/reconcile/recheck.ts';
import type { Round } from '../../../src/app/reconcile/round.ts';
import { type ErrorCode, type Log, SluiceError, silentLog, type TargetReader } from '../../../src/core/index.ts';
import { fakeFlow, fakeReconciling, rightPair } from '../../support/fake-reconciling.ts';

const failure = (code: ErrorCode) => new SluiceError(code, 'no answer');

describe('pieces of work', () => {
  it('fail apart from each other, and are told together by the first', async () => {
    const apart = new Apart();
    const done: string[] = [];
    await apart.do('a', () => Promise.reject(failure('TARGET_UNAVAILABLE')));
    await apart.do('b', async () => void done.push('b'));
    await apart.do('', () => Promise.reject(new TypeError('x is undefined')));
    expect(done).toEqual(['b']);
    expect([...apart.failed].map(([flow, { code }]) => [flow, code])).toEqual([
      ['a', 'TARGET_UNAVAILABLE'],
      ['', 'INTERNAL'],
    ]);
    expect(() => apart.settle()).toThrow(PartlyFailed);
    expect(() => apart.settle()).toThrow('a: no answer; a fault of Sluice itself');
    expect(() => new Apart().settle()).not.toThrow();
  });

  it('that are tried each second tell of a failure once, and once when it is over', async () => {
    const said: string[] = [];
    const say = (message: string, of = {}) => void said.push(`${message} ${JSON.stringify(of)}`);
    const log: Log = { ...silentLog, info: say, warn: say };
    const troubles = new Troubles(log);
    const fail = (failed: Record<string, ErrorCode>) =>
      troubles.patient('a scan', async () => {
        const all = Object.entries(failed).map(([flow, code]) => [flow, failure(code)] as const);
        if (all.length > 0) throw new PartlyFailed(new Map(all));
      });
    for (let i = 0; i < 3; i++) await fail({ a: 'TARGET_UNAVAILABLE' });
    await fail({ a: 'TARGET_BUSY', b: 'TARGET_BUSY' });
    await fail({ b: 'TARGET_BUSY' });
    await troubles.patient('another thing', () => Promise.reject(failure('TARGET_BUSY')));
    await fail({});
    expect(said).toEqual([
      'a scan failed, tried again later {"flow":"a","code":"TARGET_UNAVAILABLE"}',
      'a scan failed, tried again later {"flow":"a","code":"TARGET_BUSY"}',
      'a scan failed, tried again later {"flow":"b","code":"TARGET_BUSY"}',
      'a scan works again {"flow":"a"}',
      'another thing failed, tried again later {"code":"TARGET_BUSY"}',
      'a scan works again {"flow":"b"}',
    ]);
  });
});

it('a recheck goes on with other flows and with the source where a target is away', async () => {
  const fhir: TargetReader = { pairs: () => Promise.reject(failure('TARGET_UNAVAILABLE')), ids: () => null };
  const flows = [fakeFlow('a', true), fakeFlow('b')];
  const { parts, findings } = fakeReconciling({
    flows,
    roots: ['1', '2'],
    fhir,
    pairs: (_, all) => all.map(rightPair),
  });
  findings.put({ flow: 'a', target: 'fhir.a', key: '1', root: '1', kind: 'value' });
  findings.put({ flow: 'a', target: 'a.doc', key: '1', root: '1', kind: 'value' });
  findings.put({ flow: 'b', target: 'b.doc', key: '2', root: '2', kind: 'value' });
  findings.put({ flow: 'b', target: 'source:public.b', key: '2', root: '2', kind: 'missing' });
  await expect(recheckOpen(parts, 'recheck')).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  expect(findings.told).toEqual(['fhir.a 1 value confirmed']);
});

it('the newest scan of each flow is as old as the oldest of them, and none without one', () => {
  const tally = { compared: 1 } as Round['flows'] extends ReadonlyMap<string, infer T> ? T : never;
  const round = (flows: readonly string[], over: Partial<Round> = {}): Round => ({
    ...{ seconds: 10, rows: 0, confirmed: 0, whole: true, failed: new Map() },
    ...{ flows: new Map(flows.map((flow) => [flow, tally])), ...over },
  });
  const scans = new NewestScans([{ name: 'a' }, { name: 'b' }]);
  expect(scans.took(round(['b']), 20_000)).toBeNull();
  expect(scans.took(round(['a', 'b']), 40_000)?.seconds).toBe(10);
  const kept = scans.took(round(['b']), 100_000);
  expect([[...(kept?.flows.keys() ?? [])], kept?.seconds]).toEqual([['a', 'b'], 70]);
  expect(scans.took(round(['a', 'b'], { whole: false }), 110_000)).toBeNull();
});

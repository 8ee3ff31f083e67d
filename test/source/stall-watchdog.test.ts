import { describe, expect, it } from 'vitest';
import { StallWatchdog } from '../../src/source/kafka/stall-watchdog.ts';

/** A watchdog over one partition, with what it did. Times are given in seconds from now. */
function watch(ends: () => Promise<readonly { partition: number; low: bigint; high: bigint }[]>, committed = -1n) {
  const did: string[] = [];
  const origin = Date.now();
  const dog = new StallWatchdog({
    seconds: 10,
    ends,
    committed: async () => [{ partition: 0, offset: committed }],
    assigned: () => [{ topic: 't', partition: 0 }],
    onStall: () => did.push('stall'),
    onFatal: () => did.push('fatal'),
  });
  const look = async (...seconds: number[]): Promise<void> => {
    for (const second of seconds) await dog.check(origin + second * 1000);
  };
  return { dog, did, look };
}

const every = (from: number, to: number, step = 3): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

const ten = async () => [{ partition: 0, low: 2n, high: 10n }];

describe('the watchdog over a client that says nothing', () => {
  it('notices records that are not fetched, soon after the time it waits', async () => {
    const { dog, did, look } = watch(ten);
    dog.moved('t', 0, 4n);
    await look(...every(0, 9));
    expect(did).toEqual([]);
    await look(12);
    expect(did).toEqual(['stall']);
  });

  it('is quiet at the end of the log', async () => {
    const { dog, did, look } = watch(ten);
    dog.moved('t', 0, 10n);
    await look(...every(0, 60));
    expect(did).toEqual([]);
  });

  it('knows that a member that begins at the end has nothing to fetch', async () => {
    const idle = watch(ten, 10n);
    await idle.look(...every(0, 60));
    expect(idle.did).toEqual([]);
    const owing = watch(ten, 9n);
    await owing.look(...every(0, 12));
    expect(owing.did).toEqual(['stall']);
    const fresh = watch(ten);
    await fresh.look(...every(0, 12));
    expect(fresh.did).toEqual(['stall']);
  });

  it('forgets where it stood when partitions are dealt out anew', async () => {
    const { dog, did, look } = watch(ten, 10n);
    dog.moved('t', 0, 4n);
    await look(0, 3);
    dog.forget();
    await look(...every(6, 60));
    expect(did).toEqual([]);
  });

  it('waits longer after each stall, and in the end says that nothing helps', async () => {
    const { dog, did, look } = watch(ten);
    dog.moved('t', 0, 4n);
    await look(...every(0, 12));
    await look(...every(15, 30));
    expect(did).toEqual(['stall']);
    await look(...every(33, 36));
    expect(did).toEqual(['stall', 'stall']);
    await look(...every(39, 240));
    expect(did.slice(0, 4)).toEqual(['stall', 'stall', 'stall', 'fatal']);
  });

  it('does not blame the client when the process itself has slept', async () => {
    const { dog, did, look } = watch(ten);
    dog.moved('t', 0, 4n);
    await look(0, 3, 40, 43, 46);
    expect(did).toEqual([]);
    await look(49, 52);
    expect(did).toEqual(['stall']);
  });

  it('asks once at a time, and takes a broker that cannot be asked for no stall', async () => {
    let asked = 0;
    const { dog, did, look } = watch(() => {
      asked += 1;
      return asked === 1 ? new Promise(() => undefined) : Promise.reject(new Error('away'));
    });
    dog.moved('t', 0, 4n);
    void look(0);
    await look(...every(3, 30));
    expect(asked).toBe(1);
    const away = watch(() => Promise.reject(new Error('away')));
    away.dog.moved('t', 0, 4n);
    await away.look(...every(0, 60));
    expect([...did, ...away.did]).toEqual([]);
  });
});

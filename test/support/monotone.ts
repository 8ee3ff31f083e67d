import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { JsonObject } from '../../src/core/index.ts';
import { revisionOf } from '../../src/sinks/fhir/revision.ts';
import { openItems } from './dynamodb-items.ts';
import type { Rig } from './rig.ts';

const HOT = 4;
/** each write makes two papers at the FHIR server as well */
const WRITE_EVERY_MS = 300;
const READ_EVERY_MS = 100;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads a few rows that are written all the time, again and again, wherever they land. */
export interface Sampler {
  /** reads that showed something older than a read before: place and numbers, no values */
  readonly wentBack: readonly string[];
  /** how many reads showed something newer than the read before */
  advances(): number;
  /** Holds the writing (not the reading) during `work`, so that it can wait for nothing to be owed. */
  still<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** What a read may show of a row: each number may only rise. */
type Seen = Readonly<Record<string, number>>;

/** Remembers the newest of each number of each place, and what came after it and was older. */
export class Watch {
  readonly wentBack: string[] = [];
  advances = 0;
  readonly #newest = new Map<string, number>();

  take(place: string, seen: Seen): void {
    for (const [what, value] of Object.entries(seen)) {
      if (Number.isNaN(value)) continue;
      const name = `${place} ${what}`;
      const before = this.#newest.get(name) ?? -1;
      if (value < before) this.wentBack.push(`${name}: ${value} after ${before}`);
      if (value > before) this.advances += 1;
      this.#newest.set(name, Math.max(value, before));
    }
  }
}

/** Traffic may write the same rows: only texts of ours have a number. */
const beatOf = (text: unknown): number => Number(/^beat (\d+)$/.exec(String(text))?.[1] ?? Number.NaN);

/** Revisions are larger than a number holds exactly; their order is what counts. */
const small = (revision: bigint): number => Number(revision % 2n ** 50n);

/** What is written, and where it is read. */
interface Ground {
  write(beat: number): Promise<void>;
  readonly reads: readonly { readonly name: string; readonly everyMs: number; readonly read: () => Promise<void> }[];
}

export const sampleMonotone = (rig: Rig): Promise<Sampler> => sample(rig, appointments);

/** The same of services, in DynamoDB. */
export const sampleServices = (rig: Rig): Promise<Sampler> => sample(rig, services);

async function sample(
  rig: Rig,
  groundOf: (rig: Rig, source: pg.Client, watch: Watch) => Promise<Ground>,
): Promise<Sampler> {
  const source = new pg.Client(rig.config.sourceUrl(rig.migration));
  source.on('error', () => undefined);
  await source.connect();
  const watch = new Watch();
  const ground = await groundOf(rig, source, watch);
  let running = true;
  let holding = 0;

  /** Faults of the servers are the test's business, not the sampler's: it goes on when they are over. */
  const repeat = async (ms: number, work: () => Promise<void>): Promise<void> => {
    while (running) {
      // a read that never answers, as from a server that was just killed, is given up
      await Promise.race([work().catch(() => undefined), pause(10_000)]);
      await pause(ms);
    }
  };
  let beat = 0;
  const write = async (): Promise<void> => {
    if (holding > 0) return;
    beat += 1;
    await ground.write(beat);
  };
  const loops = {
    writing: repeat(WRITE_EVERY_MS, write),
    ...Object.fromEntries(ground.reads.map(({ name, everyMs, read }) => [name, repeat(everyMs, read)])),
  };

  return {
    wentBack: watch.wentBack,
    advances: () => watch.advances,
    async still(work) {
      holding += 1;
      try {
        return await work();
      } finally {
        holding -= 1;
      }
    },
    async stop() {
      running = false;
      for (const [name, loop] of Object.entries(loops)) {
        const ended = loop.then(() => true);
        if (!(await Promise.race([ended, pause(20_000)]))) throw new Error(`${name} never came to an end`);
      }
      await source.end();
    },
  };
}

async function appointments(rig: Rig, source: pg.Client, watch: Watch): Promise<Ground> {
  const form = randomUUID();
  const hot = Array.from({ length: HOT }, () => randomUUID());
  await source.query(`insert into public.submissions (id, first_name, surname) values ($1, 'Hot', 'Testrow')`, [form]);
  await source.query(
    `insert into public.appointments (id, submission_id, start_at, end_at)
     select id, $2, now(), now() from unnest($1::uuid[]) id`,
    [hot, form],
  );
  const ids = new Set<string>();
  const readRows = async (): Promise<void> => {
    const { rows } = await rig.open.pool.query<{ id: string; notes: string | null; revision: string }>(
      `select a.id::text, a.notes, d.revision from scheduling.appointment a
       join sluice.document d on d.pipeline = $2 and d.target = 'scheduling.appointment' and d.id = a.id::text
       where a.legacy_id = any($1::uuid[])`,
      [hot, rig.open.name],
    );
    for (const { id, notes, revision } of rows) {
      ids.add(id);
      watch.take(`row ${id}`, { beat: beatOf(notes), revision: small(BigInt(revision)) });
    }
  };
  const readResources = async (): Promise<void> => {
    for (const id of ids) {
      const answer = await fetch(`${rig.config.fhir}/Appointment/${id}`, { signal: AbortSignal.timeout(3_000) });
      if (!answer.ok) continue;
      const found = (await answer.json()) as { comment?: string; meta?: { versionId?: string } };
      const version = Number(found.meta?.versionId ?? Number.NaN);
      const revision = small(revisionOf(found as never) ?? 0n);
      watch.take(`resource ${id}`, { beat: beatOf(found.comment), revision, version });
    }
  };
  return {
    async write(beat) {
      const sql = 'update public.appointments set notes = $2 where id = $1';
      await source.query(sql, [hot[beat % HOT], `beat ${beat}`]);
    },
    reads: [
      { name: 'reading rows', everyMs: READ_EVERY_MS, read: readRows },
      { name: 'reading resources', everyMs: READ_EVERY_MS * 3, read: readResources },
    ],
  };
}

async function services(rig: Rig, source: pg.Client, watch: Watch): Promise<Ground> {
  const items = openItems({ ...rig.config, dynamodb: { ...rig.config.dynamodb, url: inject('stack').dynamodb } });
  const made = await source.query<{ id: number }>(
    `insert into pathwaysdos.services (uid, name, odscode, typeid, statusid)
     select 'hot-' || n, 'PCN: hot', 'U9999' || n, 152, 1 from generate_series(1, $1) n returning id`,
    [HOT],
  );
  const hot = made.rows.map(({ id }) => id);
  const webOf = (service: JsonObject | undefined): unknown => (service?.telecom as JsonObject | undefined)?.web;
  const read = async (): Promise<void> => {
    for (const id of hot) {
      const state = await items.get('data-migration-state', { source_record_id: `services#${id}` });
      if (!state) continue;
      const inside = state.healthcare_service as JsonObject;
      const revision = small(BigInt(String(state.sluice_revision)));
      watch.take(`state ${id}`, { beat: beatOf(webOf(inside)), revision, version: Number(state.version) });
      const document = await items.get('healthcare-service', { id: inside.id as string, field: 'document' });
      // read after its state, so it is not older either
      watch.take(`service ${id}`, { beat: beatOf(webOf(document)) });
      if (beatOf(webOf(document)) < beatOf(webOf(inside))) watch.wentBack.push(`service ${id} is behind its state`);
    }
  };
  return {
    async write(beat) {
      const sql = 'update pathwaysdos.services set web = $2 where id = $1';
      await source.query(sql, [hot[beat % HOT], `beat ${beat}`]);
    },
    reads: [{ name: 'reading items', everyMs: READ_EVERY_MS, read }],
  };
}

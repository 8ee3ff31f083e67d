import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { StackAddresses, StackSettings } from '../src/stack/index.ts';

/** What everything of one run is named by and where it is. */
export interface Place {
  readonly settings: StackSettings;
  readonly stack: StackAddresses;
  /** before every name on the servers, so that a run that was cut off is in nobody's way */
  readonly prefix: string;
  /** name of the migration and prefix of its topics */
  readonly migration: string;
  readonly topic: string;
  readonly say: (text: string) => void;
}

export function placeOf(settings: StackSettings, stack: StackAddresses, say: Place['say']): Place {
  const prefix = `b${randomBytes(3).toString('hex')}_`;
  const migration = `${prefix}bench`;
  return { settings, stack, prefix, migration, topic: `${migration}.public.visit`, say };
}

export function urlOf({ stack: { postgres } }: Pick<Place, 'stack'>, database: string): string {
  return `postgres://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}/${database}`;
}

export async function connect(place: Pick<Place, 'stack'>, database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: urlOf(place, database) });
  // its database can be dropped under it when a run ends early; without a listener nothing else would be cleared away
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function asRoot(place: Place, sql: readonly string[]): Promise<void> {
  const root = await connect(place, 'postgres');
  try {
    for (const statement of sql) await root.query(statement);
  } finally {
    await root.end();
  }
}

export const makeDatabase = (place: Place, name: string): Promise<void> =>
  asRoot(place, [`drop database if exists ${name} with (force)`, `create database ${name}`]);

export const dropDatabase = (place: Place, name: string): Promise<void> =>
  asRoot(place, [`drop database if exists ${name} with (force)`]);

/** Asks until the answer is yes. */
export async function until(what: string, seconds: number, ask: () => Promise<boolean>, everyMs = 50): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** One call of a Connect worker's REST API. */
export async function callConnect(base: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok && response.status !== 404)
    throw new Error(`Connect answers ${response.status}: ${text.slice(0, 300)}`);
  return text === '' ? null : JSON.parse(text);
}

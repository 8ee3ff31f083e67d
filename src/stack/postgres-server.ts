import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SluiceError } from '../core/index.ts';
import { launch, waitUntilReady } from './part-process.ts';
import { postgresData, postgresPrograms, prepareData, type RunAs, runAs } from './postgres-files.ts';
import type { StackSettings } from './settings.ts';

export const DATABASES = ['supabase', 'dos', 'pas', 'services', 'fhir'];

/** A loaded machine of two cores, or a recovery after a crash, can take this long. */
export const POSTGRES_PATIENCE_SECONDS = 60;

async function ask<T>(
  settings: StackSettings,
  question: (client: pg.Client) => Promise<T>,
  timeoutMs = 15_000,
): Promise<T> {
  const { password, ports } = settings;
  const client = new pg.Client({
    host: '127.0.0.1',
    port: ports.postgres,
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
    query_timeout: timeoutMs,
  });
  // a server that goes away in the middle also says so by an event, which nobody else listens to
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Throws CONFIG_INVALID when it answers and refuses the password: waiting would not help. */
export async function postgresReady(settings: StackSettings): Promise<boolean> {
  try {
    return await ask(settings, (client) => client.query('select 1').then(() => true));
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') return false;
    throw new SluiceError(
      'CONFIG_INVALID',
      'PostgreSQL refuses the password: SLUICE_PG_PASSWORD differs from the one its data was made with',
    );
  }
}

/** A copy of some megabytes and a checkpoint each, which a disk that is busy otherwise may take its time for. */
const MAKING_MS = 120_000;

/**
 * Makes those that are missing; a start that was cut off may have made some of them. Throws TARGET_UNAVAILABLE when the
 * disk is too slow for that.
 */
export async function makeDatabases(settings: StackSettings): Promise<void> {
  const making = async (client: pg.Client): Promise<void> => {
    const found = await client.query<{ datname: string }>('select datname from pg_database');
    const there = new Set(found.rows.map((row) => row.datname));
    for (const database of DATABASES) if (!there.has(database)) await client.query(`create database ${database}`);
  };
  try {
    await ask(settings, making, MAKING_MS);
  } catch (cause) {
    // the driver's word for its own timeout; whatever else went wrong is told as it is
    if (!(cause instanceof Error) || cause.message !== 'Query read timeout') throw cause;
    throw new SluiceError(
      'TARGET_UNAVAILABLE',
      `PostgreSQL could not make its databases within ${MAKING_MS / 1000} s; \`sluice up\` goes on where it stopped`,
      { cause },
    );
  }
}

/** The password goes by a file of its own, for the arguments of a process can be read by all. */
function initialise(programs: string, data: string, password: string, as: RunAs | null): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-initdb-'));
  const secret = join(folder, 'password');
  writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  if (as) for (const path of [folder, secret]) chownSync(path, as.uid, as.gid);
  const options = ['-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
  try {
    const made = spawnSync(join(programs, 'initdb'), ['-D', data, ...options, `--pwfile=${secret}`], {
      ...(as ?? {}),
      cwd: '/',
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new SluiceError('CONFIG_INVALID', `initdb failed: ${(made.stderr ?? '').trim().slice(0, 400)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What makes it a source of changes, and room for what the tests run on it side by side. */
export const POSTGRES_SETTINGS: Readonly<Record<string, string | number>> = {
  wal_level: 'logical',
  max_replication_slots: 32,
  max_wal_senders: 32,
  // a slot nobody reads must not fill the disk; it is lost instead, which is noticed
  max_slot_wal_keep_size: '4GB',
  max_connections: 200,
  track_commit_timestamp: 'on',
  timezone: 'UTC',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
};

export async function upPostgres(settings: StackSettings): Promise<void> {
  const as = runAs();
  const programs = postgresPrograms(as);
  const data = postgresData(settings.home, as);
  if (prepareData(data, as) === 'new') initialise(programs, data, settings.password, as);
  const options = {
    port: settings.ports.postgres,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...POSTGRES_SETTINGS,
  };
  const args = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  launch(settings, {
    part: 'postgres',
    command: join(programs, 'postgres'),
    args: ['-D', data, ...args],
    ...(as ? { as } : {}),
  });
  await waitUntilReady(settings, 'postgres', {
    seconds: POSTGRES_PATIENCE_SECONDS,
    ready: () => postgresReady(settings),
  });
}

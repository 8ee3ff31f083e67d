import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Image, type Log, SluiceError } from '../../core/index.ts';
import { type EnteredReading, type Names, readEntered } from '../../migrations/supabase/index.ts';
import type { Metrics } from '../metrics.ts';
import type { ReadingsIn } from './temperature-entry.ts';

export interface IngestOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly names: Names;
  readonly into: ReadingsIn;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What became of one reading of a request; `columns` names what does not fit. */
interface Result {
  readonly id: string | null;
  readonly outcome: string;
  readonly columns?: readonly string[];
}

const MOST = 1000;
const RETRY_AFTER_S = 5;
const LEAST_TOKEN = 16;

const READINGS = '/temperature-readings';
const STATUSES = [200, 401, 422, 503];
const OUTCOMES = ['stored', 'known', 'misfit', 'no_such_item', 'conflict'];

/** `POST /temperature-readings` for devices, `/metrics`, `/health/live` and `/health/ready`. Throws CONFIG_INVALID. */
export async function serveIngest(options: IngestOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { token = '', log, into, metrics, names } = options;
  if (token.length < LEAST_TOKEN)
    throw new SluiceError(
      'CONFIG_INVALID',
      `SLUICE_INGEST_TOKEN: at least ${LEAST_TOKEN} characters, here or in SLUICE_INGEST_TOKEN_FILE`,
    );
  const app = Fastify({ logger: false, bodyLimit: 1 << 20 });
  const right = digest(`Bearer ${token}`);
  const isAllowed = ({ headers }: FastifyRequest): boolean =>
    timingSafeEqual(digest(headers.authorization ?? ''), right);
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/health/') || request.url === '/metrics' || isAllowed(request)) return;
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({ code: 'UNAUTHORISED', message: 'a bearer token, please' });
  });
  // a rate begins at 0, or the first refusal would be invisible to it
  for (const status of STATUSES) metrics.count('sluice_ingest_requests_total', { status: String(status) }, 0);
  for (const outcome of OUTCOMES) metrics.count('sluice_ingest_readings_total', { outcome }, 0);
  app.addHook('onResponse', async (request, reply) => {
    if (request.routeOptions.url !== READINGS) return;
    metrics.count('sluice_ingest_requests_total', { status: String(reply.statusCode) });
    metrics.observe('sluice_ingest_seconds', {}, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => failed(error, reply, log));
  app.post(READINGS, async (request, reply) => {
    const given = (request.body as { readings?: unknown } | null)?.readings;
    if (!Array.isArray(given) || given.length === 0 || given.length > MOST)
      return reply.code(422).send({ code: 'BAD_INPUT', message: `readings: a list of 1 to ${MOST}` });
    const read = given.map((one: unknown) => readEntered(names, isRecord(one) ? (one as Image) : {}));
    const entered = read.filter((one): one is EnteredReading => !('misfits' in one));
    const outcomes = entered.length === 0 ? [] : await into.enter(entered);
    const byReading = new Map(entered.map((reading, n) => [reading, outcomes[n] ?? 'conflict']));
    const results: Result[] = read.map((one) =>
      'misfits' in one
        ? { id: null, outcome: 'misfit', columns: one.misfits }
        : { id: one.id, outcome: byReading.get(one) ?? 'conflict' },
    );
    for (const { outcome } of results) metrics.count('sluice_ingest_readings_total', { outcome });
    log.info('readings entered', { count: outcomes.filter((outcome) => outcome === 'stored').length });
    return reply.send({ results });
  });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/health/live', async () => ({ live: true }));
  app.get('/health/ready', async (_, reply) => {
    try {
      await into.enter([]);
      return { ready: true };
    } catch {
      return reply.code(503).send({ ready: false, waitingFor: ['source database'] });
    }
  });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    throw new SluiceError('CONFIG_INVALID', `port ${options.port} is taken; choose another with --port`);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  log.info('taking readings', { port });
  return { port, close: () => app.close() };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing of a request is repeated: what passes may be sent again as it is, and is entered once. */
function failed(error: Error & { statusCode?: number }, reply: FastifyReply, log: Log): FastifyReply {
  if (error instanceof SluiceError && error.disposition === 'retry')
    return reply
      .code(503)
      .header('retry-after', String(RETRY_AFTER_S))
      .send({ code: error.code, message: error.message });
  const status = error.statusCode ?? 500;
  if (status < 500) return reply.code(status).send({ code: 'BAD_INPUT', message: 'the request cannot be read' });
  log.error('a request failed', { code: error instanceof SluiceError ? error.code : 'INTERNAL' });
  return reply.code(500).send({ code: 'INTERNAL', message: 'the request failed; nothing of it was entered' });
}

import Fastify from 'fastify';
import { type Log, SluiceError } from '../core/index.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  /** false when the process should be started anew */
  live(): boolean;
  /** whether it can do its work: ledger reached, group joined. Never tied to lag: a restart cures no backlog. */
  ready(): Promise<{ ready: boolean; waitingFor: readonly string[] }>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/metrics`, `/health/live`, `/health/ready` and `/status` of one worker. */
export async function serveHealth(
  options: { host: string; port: number },
  metrics: Metrics,
  health: Health,
  status: () => Promise<unknown>,
  log: Log,
): Promise<HealthServer> {
  const app = Fastify({ logger: false });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/health/live', async (_, reply) => {
    const live = health.live();
    return reply.code(live ? 200 : 503).send({ live });
  });
  app.get('/health/ready', async (_, reply) => {
    const answer = await health.ready();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  app.get('/status', async (_, reply) => reply.send(await status()));
  try {
    await app.listen(options);
  } catch (error) {
    const taken = (error as { code?: string }).code === 'EADDRINUSE';
    if (!taken) throw error;
    throw new SluiceError('CONFIG_INVALID', `port ${options.port} is taken; choose another with --port or SLUICE_PORT`);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  log.info('serving metrics and health', { port });
  return { port, close: () => app.close() };
}

import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { contentHash, type Delivery, type DeliveryOutcome, type Sink, SluiceError } from '../../src/core/index.ts';
import type { PostgresLedger } from '../../src/sinks/postgres/index.ts';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';
import { sinkContract } from './sink-contract.ts';

const TARGET = 'mini.parent';

/**
 * PostgreSQL targets are written in the deriving transaction, together with the ledger, not through the port of remote
 * stores. Behind this adapter each delivery is such a transaction, so that the same promises can be asked of it.
 */
function asSink(db: ServiceDatabase, ledger: PostgresLedger): Sink {
  const flow = mini.flows.find(({ name }) => name === 'parents');
  if (!flow) throw new Error('no flow');
  const deliver = (one: Delivery): Promise<DeliveryOutcome> =>
    ledger
      .deriving(async (tx): Promise<DeliveryOutcome> => {
        const content = one.content ?? {};
        const document = { target: one.target, id: one.id, content };
        const hash = contentHash(content);
        const write = { root: one.id, document, revision: one.revision, hash, gone: false };
        await tx.writeState(flow, [{ ...write, sourceTime: '2026-01-01T00:00:00Z' }]);
        const [known] = await tx.documentsById([one]);
        const newer = known !== undefined && known.revision > one.revision;
        return { kind: newer ? 'superseded' : 'applied', etag: null };
      })
      .catch((error: unknown): DeliveryOutcome => {
        if (!(error instanceof SluiceError)) throw error;
        if (error.disposition === 'park') return { kind: 'park', code: error.code, detail: null };
        return { kind: 'retry', code: error.code, afterMs: 10, slowDown: false };
      });
  return {
    name: 'postgres',
    probe: () => db.admin.requireSchemas([]),
    deliver: (batch) => Promise.all(batch.map(deliver)),
    async read(target, ids) {
      const found = await db.pool.query<{ id: string; name: string; deleted: boolean; revision: string }>(
        `select t.*, d.revision from ${target} t join sluice.document d on d.target = $1 and d.id = t.id
         where t.id = any($2)`,
        [target, ids],
      );
      return found.rows.map(({ revision, ...content }) => ({ id: content.id, revision: BigInt(revision), content }));
    },
    close: async () => undefined,
  };
}

sinkContract('PostgreSQL', async () => {
  const db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  return {
    sink: asSink(db, db.openLedger()),
    target: TARGET,
    freshId: randomUUID,
    content: (id, text) => ({ id, name: text, deleted: false }),
    impossible: (id) => ({ id, name: 'no truth value', deleted: 'perhaps' }),
    close: () => db.close(),
  };
});

import { type JsonObject, SluiceError } from '../../core/index.ts';
import { classify } from './classify.ts';
import type { LedgerContext } from './context.ts';
import type { Queryable } from './sql.ts';

/** One statement, so that a fact is never there without the mark that brings it to the documents. */
export async function noteFact(
  db: Queryable,
  { pipeline, migration, table }: LedgerContext,
  name: string,
  key: string,
  image: JsonObject,
): Promise<void> {
  const readers = migration.flows.filter((flow) =>
    flow.parts.some((part) => part.table === name && part.link === 'key' && part.from.part === 'root'),
  );
  if (readers.length === 0) throw new SluiceError('CONFIG_INVALID', `no rule reads ${name}`);
  const { sql } = table(name);
  try {
    await db.query(
      `with noted as (
         insert into ${sql} as f (key, image, epoch, phase, a, b, kafka_offset, source_time)
         values ($1, $2, 0, 0, 0, 0, 0, '') on conflict (key) do update set image = excluded.image
           where f.image <> excluded.image returning key)
       insert into sluice.mark (pipeline, flow, key, source_time)
       select $3, flow, key, clock_timestamp() from noted, unnest($4::text[]) as r(flow)`,
      [key, JSON.stringify(image), pipeline, readers.map((flow) => flow.name)],
    );
  } catch (error) {
    throw classify(error);
  }
}

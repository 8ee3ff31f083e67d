import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, type Migration, type Sink, SluiceError } from '../../core/index.ts';
import { redactResource, VALIDATOR, validateResource } from '../../sinks/fhir/index.ts';
import type { OpenPipeline } from '../pipeline.ts';

export interface SamplePackOptions {
  readonly open: OpenPipeline;
  readonly sink: Sink;
  readonly perType: number;
  readonly out: string;
  readonly redact: boolean;
  /** another seed, other resources */
  readonly seed: string;
  readonly now: () => string;
  readonly tell: (type: string) => void;
}

export interface SampleFault {
  readonly file: string;
  /** a place in the resource and the rule it breaks; never what stands there */
  readonly path: string;
  readonly rule: string;
}

export interface SampleType {
  readonly type: string;
  /** delivered, as the ledger has it */
  readonly there: number;
  readonly sampled: number;
  /** in the ledger and not at the server */
  readonly missing: number;
  readonly faults: number;
}

export interface SampleReport {
  readonly at: string;
  readonly pipeline: string;
  readonly redacted: boolean;
  readonly seed: string;
  /** whose faults these are, and what it does not look at */
  readonly validator: string;
  readonly types: readonly SampleType[];
  readonly faults: readonly SampleFault[];
}

/** Reads N resources of each type back from the FHIR server, validates them, and writes them with the report. */
export async function writeSamplePack(options: SamplePackOptions): Promise<SampleReport> {
  const { out, open, redact } = options;
  await mkdir(out, { recursive: true }).catch(() => undefined);
  const there = await readdir(out).catch(() => null);
  if (there === null) throw new SluiceError('CONFIG_INVALID', `--out: ${out} is no folder that can be made`);
  if (there.length > 0) throw new SluiceError('CONFIG_INVALID', `--out: ${out} is not empty`);
  const rename = redactor();
  const types: SampleType[] = [];
  const faults: SampleFault[] = [];
  for (const type of typesOf(open.migration)) {
    options.tell(type);
    const { ids, count } = await pick(options, type);
    const found = await options.sink.read(`fhir.${type}`, ids);
    const before = faults.length;
    if (found.length > 0) await mkdir(join(out, type));
    for (const { content } of found) {
      const resource = redact ? rename(content) : content;
      const file = `${type}/${String(resource.id)}.json`;
      // of what is on the server, and of what is written, which is the same unless it was redacted
      const wrong = [content, ...(redact ? [resource] : [])].flatMap((one) => validateResource(one));
      faults.push(...wrong.map(({ path, rule }) => ({ file, path, rule })));
      await writeFile(join(out, file), `${JSON.stringify(resource, null, 2)}\n`);
    }
    types.push({
      type,
      there: count,
      sampled: found.length,
      missing: ids.length - found.length,
      faults: faults.length - before,
    });
  }
  const report: SampleReport = {
    at: options.now(),
    pipeline: open.name,
    redacted: redact,
    seed: options.seed,
    validator: VALIDATOR,
    types,
    faults,
  };
  await writeFile(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

const typesOf = (migration: Migration): readonly string[] =>
  [...new Set(migration.flows.flatMap(({ targets }) => targets.map(({ name }) => name)))]
    .flatMap((name) => (name.startsWith('fhir.') ? [name.slice('fhir.'.length)] : []))
    .sort();

/** Spread over all there is, and the same again for the same seed. */
async function pick({ open, perType, seed }: SamplePackOptions, type: string) {
  const { rows } = await open.pool.query<{ id: string; count: number }>(
    `select id, count(*) over ()::int as count from sluice.document
     where pipeline = $1 and target = $2 and etag is not null and not gone
     order by md5(id || $3), id limit $4`,
    [open.name, `fhir.${type}`, seed, perType],
  );
  return { ids: rows.map(({ id }) => id), count: rows[0]?.count ?? 0 };
}

/** Other names and other days, of one pack only: the key to them is nowhere. */
function redactor(): (resource: JsonObject) => JsonObject {
  const key = randomBytes(32);
  const shiftDays = -randomInt(30, 700);
  const pseudonym = (uuid: string): string => {
    const hex = createHmac('sha256', key).update(uuid).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  return (resource) => redactResource(resource, { pseudonym, shiftDays });
}

import { z } from 'zod';
import { SluiceError } from '../../core/index.ts';
import { fetchPart, jsonOf, readManifest as readManifestOf, storePart } from '../backup/parts.ts';
import type { BackupPlace } from '../backup/place.ts';

const Part = z.object({
  name: z.string().regex(/^[A-Za-z0-9-]+\/part-\d{5}\.(jsonl|ndjson)\.gz$/),
  items: z.int().nonnegative(),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Part = z.infer<typeof Part>;

const Manifest = z.object({
  version: z.literal(1),
  format: z.enum(['dynamodb', 'fhir']),
  environment: z.string(),
  workspace: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** by table, or by type of resource */
  tables: z.array(z.object({ name: z.string(), items: z.int().nonnegative(), parts: z.array(Part) })),
});
/** What a backup holds. It is written last: without it there is no backup. */
export type Manifest = z.infer<typeof Manifest>;

/** bytes of lines in a part, before they are packed: what is held in memory at a time */
const PART_BYTES = 8 * 1024 * 1024;

/** Throws BACKUP_DAMAGED where there is none, or one that was not written by an export. */
export const readManifest = (place: BackupPlace): Promise<Manifest> => readManifestOf(place, Manifest);

/** Lines on their way into the parts of one table. */
export class PartWriter {
  readonly parts: Part[] = [];
  readonly #place: BackupPlace;
  readonly #folder: string;
  readonly #ending: 'jsonl' | 'ndjson';
  #lines: string[] = [];
  #bytes = 0;

  constructor(place: BackupPlace, folder: string, ending: 'jsonl' | 'ndjson') {
    this.#place = place;
    this.#folder = folder;
    this.#ending = ending;
  }

  async write(value: unknown): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= PART_BYTES) await this.#flush();
  }

  async end(): Promise<{ readonly name: string; readonly items: number; readonly parts: Part[] }> {
    if (this.#lines.length > 0) await this.#flush();
    return { name: this.#folder, items: this.parts.reduce((sum, { items }) => sum + items, 0), parts: this.parts };
  }

  async #flush(): Promise<void> {
    const name = `${this.#folder}/part-${String(this.parts.length + 1).padStart(5, '0')}.${this.#ending}.gz`;
    const { bytes, sha256 } = await storePart(this.#place, name, this.#lines.join(''));
    this.parts.push({ name, items: this.#lines.length, bytes, sha256 });
    this.#lines = [];
    this.#bytes = 0;
  }
}

/** The lines of a part, parsed. Throws BACKUP_DAMAGED where it is missing or not as its manifest says. */
export async function readPart(place: BackupPlace, part: Part): Promise<readonly unknown[]> {
  const damaged = (what: string): SluiceError => new SluiceError('BACKUP_DAMAGED', `${part.name} ${what}`);
  const lines = (await fetchPart(place, part))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length !== part.items) throw damaged(`holds ${lines.length} items, its manifest says ${part.items}`);
  return lines.map((line) => {
    const value = jsonOf(Buffer.from(line));
    if (value === null) throw damaged('holds a line that is no JSON');
    return value;
  });
}

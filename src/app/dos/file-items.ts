import { type FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type JsonObject, SluiceError } from '../../core/index.ts';
import { type ItemWrite, STATE_ENTITY, TABLE_TARGETS } from '../../migrations/dos/index.ts';
import type { HeldItem, ItemStore, WriteResult } from './items.ts';
import { storedForm } from './stored-form.ts';

/** Where a run into files was: what was written after this is cut off before it goes on. */
interface Progress {
  /** id of the last service of the last page that is whole; null before the first */
  readonly after: number | null;
  readonly bytes: Readonly<Record<string, number>>;
  readonly finished: boolean;
}

const PROGRESS = 'progress.json';
const TABLES = Object.values(TABLE_TARGETS)
  .map(({ table }) => table)
  .filter((table) => table !== TABLE_TARGETS.versionHistory.table);

/**
 * Items as JSON lines, a file a table, in place of DynamoDB. `keep` makes what was written up to now last: a run that is
 * killed goes on from there. There is nothing to compare with: every service is a new one.
 */
export class FileItems implements ItemStore {
  /** where to go on */
  readonly after: number | null;
  readonly #folder: string;
  readonly #files: ReadonlyMap<string, FileHandle>;
  readonly #bytes: Record<string, number>;
  /** states that are written: of a pharmacy that a linked service brought along, too */
  readonly #states: Set<string>;
  #lines = new Map<string, string[]>();

  private constructor(folder: string, progress: Progress, files: ReadonlyMap<string, FileHandle>, states: Set<string>) {
    this.#folder = folder;
    this.after = progress.after;
    this.#bytes = { ...progress.bytes };
    this.#files = files;
    this.#states = states;
  }

  /**
   * Opens a folder, new or of a run that was stopped. Throws CONFIG_INVALID for one that is finished, another's, or not
   * to be used.
   */
  static async open(folder: string): Promise<FileItems> {
    try {
      return await FileItems.#open(folder);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new SluiceError('CONFIG_INVALID', `--output-dir: ${folder} cannot be used (${code})`, { cause: error });
    }
  }

  static async #open(folder: string): Promise<FileItems> {
    await mkdir(folder, { recursive: true });
    const progress = await progressIn(folder);
    if (progress.finished)
      throw new SluiceError('CONFIG_INVALID', `--output-dir: ${folder} holds a finished run; name another folder`);
    const files = new Map<string, FileHandle>();
    for (const table of TABLES) {
      const file = await open(join(folder, `${table}.jsonl`), 'a+');
      await file.truncate(progress.bytes[table] ?? 0);
      files.set(table, file);
    }
    const states = new Set<string>();
    const written = files.get(STATE_ENTITY);
    if (written && progress.after !== null)
      for await (const line of createInterface({ input: written.createReadStream({ start: 0, autoClose: false }) }))
        states.add(String((JSON.parse(line) as JsonObject).source_record_id));
    return new FileItems(folder, progress, files, states);
  }

  async read(): Promise<ReadonlyMap<string, HeldItem>> {
    return new Map();
  }

  async write(writes: readonly ItemWrite[]): Promise<WriteResult> {
    const state = writes.find(({ entity }) => entity === STATE_ENTITY);
    if (state && this.#states.has(state.id)) return 'written';
    if (state) this.#states.add(state.id);
    for (const { entity, after } of writes) {
      const lines = this.#lines.get(entity) ?? [];
      this.#lines.set(entity, lines);
      lines.push(`${JSON.stringify(storedForm(entity, after))}\n`);
    }
    return 'written';
  }

  /**
   * Throws TARGET_UNAVAILABLE when the files cannot be written: what was kept before stays, and a run goes on from there.
   *
   * @param after id of the last service whose items are all written
   */
  async keep(after: number | null, finished = false): Promise<void> {
    try {
      await this.#keep(after, finished);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new SluiceError('TARGET_UNAVAILABLE', `--output-dir: ${this.#folder} cannot be written (${code})`, {
        cause: error,
      });
    }
  }

  async #keep(after: number | null, finished: boolean): Promise<void> {
    for (const [table, lines] of this.#lines) {
      const bytes = Buffer.from(lines.join(''));
      const file = this.#files.get(table);
      if (!file) throw new SluiceError('INTERNAL', `no file is for ${table}`);
      await file.appendFile(bytes);
      await file.datasync();
      this.#bytes[table] = (this.#bytes[table] ?? 0) + bytes.length;
    }
    this.#lines = new Map();
    const progress: Progress = { after, bytes: this.#bytes, finished };
    await writeFile(join(this.#folder, `${PROGRESS}.part`), JSON.stringify(progress));
    await rename(join(this.#folder, `${PROGRESS}.part`), join(this.#folder, PROGRESS));
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

async function progressIn(folder: string): Promise<Progress> {
  const text = await readFile(join(folder, PROGRESS), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return { after: null, bytes: {}, finished: false };
  try {
    const progress = JSON.parse(text) as Progress;
    if (typeof progress.bytes === 'object' && typeof progress.finished === 'boolean') return progress;
  } catch {
    // as if it were another's
  }
  throw new SluiceError('CONFIG_INVALID', `--output-dir: ${join(folder, PROGRESS)} is not of a run of ours`);
}

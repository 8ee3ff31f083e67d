import { type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { fhirResourcesOf, TABLE_TARGETS } from '../../migrations/dos/index.ts';
import { type RawItem, readableItem, type TableDump } from '../../sinks/dynamodb/index.ts';
import { hasManifest, writeManifest } from '../backup/parts.ts';
import type { BackupPlace } from '../backup/place.ts';
import { type Manifest, PartWriter, readManifest, readPart } from './backup-parts.ts';

const TARGETS: readonly DynamoDbTarget[] = Object.values(TABLE_TARGETS);

export interface ExportRun {
  readonly dump: TableDump;
  readonly place: BackupPlace;
  readonly environment: string;
  readonly workspace: string | undefined;
  /** ISO UTC */
  readonly now: () => string;
  /** after each page of a table: items of it so far */
  readonly tell: (table: string, items: number) => void;
}

/**
 * Writes all tables as DynamoDB's own exports have them: a line `{"Item": {...}}` for each item. Each table is as it was
 * while it was read; tables that are written to meanwhile are not of one moment.
 */
export function exportTables(run: ExportRun): Promise<Manifest> {
  return exporting(run, 'dynamodb', async () => {
    const tables = [];
    for (const target of TARGETS) {
      const writer = new PartWriter(run.place, target.table, 'jsonl');
      for await (const item of itemsOf(run, target)) await writer.write({ Item: item });
      tables.push(await writer.end());
    }
    return tables;
  });
}

/** Writes the services as FHIR R4 resources, a file of each type. */
export function exportFhir(run: ExportRun): Promise<Manifest> {
  return exporting(run, 'fhir', async () => {
    const writers = new Map<string, PartWriter>();
    for (const target of [TABLE_TARGETS.organisation, TABLE_TARGETS.location, TABLE_TARGETS.healthcareService])
      for await (const item of itemsOf(run, target)) {
        const plain = readableItem(item);
        if (plain === null) continue;
        for (const resource of fhirResourcesOf(target.table, plain))
          await writerOf(writers, run, resource).write(resource);
      }
    return Promise.all([...writers.values()].map((writer) => writer.end()));
  });
}

function writerOf(writers: Map<string, PartWriter>, { place }: ExportRun, { resourceType }: JsonObject): PartWriter {
  const type = String(resourceType);
  const writer = writers.get(type) ?? new PartWriter(place, type, 'ndjson');
  writers.set(type, writer);
  return writer;
}

async function* itemsOf({ dump, tell }: ExportRun, target: DynamoDbTarget): AsyncGenerator<RawItem> {
  let items = 0;
  for await (const page of dump.scan(target)) {
    yield* page;
    items += page.length;
    tell(target.table, items);
  }
}

async function exporting(
  run: ExportRun,
  format: Manifest['format'],
  write: () => Promise<Manifest['tables']>,
): Promise<Manifest> {
  const { environment, workspace = null, place, now } = run;
  if (await hasManifest(place))
    throw new SluiceError('CONFIG_INVALID', `${place.name} holds a backup already; name another place`);
  const startedAt = now();
  const tables = await write();
  const manifest: Manifest = { version: 1, format, environment, workspace, startedAt, finishedAt: now(), tables };
  await writeManifest(place, manifest);
  return manifest;
}

export interface RestoreRun {
  readonly dump: TableDump;
  readonly place: BackupPlace;
  /** what becomes of a table that holds something: it is left as it is, or holds the backup alone afterwards */
  readonly nonEmpty: 'skip' | 'replace';
  readonly tell: (table: string, items: number, of: number) => void;
}

export interface RestoredTable {
  readonly table: string;
  readonly state: 'restored' | 'replaced' | 'skipped';
  readonly items: number;
  /** items that the server refuses */
  readonly failed: number;
}

/** Brings tables back. Nothing is written before every part is found whole; a part is looked at again when it is read. */
export async function restoreTables(run: RestoreRun): Promise<readonly RestoredTable[]> {
  const manifest = await readManifest(run.place);
  if (manifest.format !== 'dynamodb')
    throw new SluiceError('CONFIG_INVALID', `${run.place.name} is an export as FHIR, which no table is restored from`);
  const tables = manifest.tables.map((table) => ({ ...table, target: targetOf(table.name) }));
  for (const part of manifest.tables.flatMap(({ parts }) => parts)) await readPart(run.place, part);
  const restored: RestoredTable[] = [];
  for (const table of tables) restored.push(await restoreTable(run, table));
  return restored;
}

function targetOf(name: string): DynamoDbTarget {
  const target = TARGETS.find(({ table }) => table === name);
  if (!target) throw new SluiceError('BACKUP_DAMAGED', 'the manifest names a table that is none of ours');
  return target;
}

async function restoreTable(
  { dump, place, nonEmpty, tell }: RestoreRun,
  { name, items: of, parts, target }: Manifest['tables'][number] & { readonly target: DynamoDbTarget },
): Promise<RestoredTable> {
  const isEmpty = await dump.isEmpty(target);
  if (!isEmpty && nonEmpty === 'skip') return { table: name, state: 'skipped', items: 0, failed: 0 };
  if (!isEmpty) await dump.clear(target);
  let [items, failed] = [0, 0];
  for (const part of parts) {
    const lines = await readPart(place, part);
    const found = lines.map(itemOf).filter((item) => item !== null);
    const refused = lines.length - found.length + (await dump.load(target, found));
    failed += refused;
    items += lines.length - refused;
    tell(name, items, of);
  }
  return { table: name, state: isEmpty ? 'restored' : 'replaced', items, failed };
}

function itemOf(line: unknown): RawItem | null {
  const { Item } = line as { Item?: unknown };
  return typeof Item === 'object' && Item !== null && !Array.isArray(Item) ? (Item as RawItem) : null;
}

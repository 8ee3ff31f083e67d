import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { previewDos } from '../../app/dos/preview.ts';
import { readRowsFile } from '../../app/dos/source-file.ts';
import { canonicalJson, type JsonObject, SluiceError } from '../../core/index.ts';
import { type Counts, DEFAULTS, type DosConfig, ROW_COLUMNS } from '../../migrations/dos/index.ts';

export interface DosPreviewOptions {
  readonly rows: string;
  readonly out: string;
  readonly at?: string;
  readonly flags?: readonly string[];
}

export interface DosPreviewSummary {
  readonly services: Counts;
  readonly documents: number;
  readonly triageNotes: number;
  /** tables of the file that no rule reads, a mistyped name among them */
  readonly unread: readonly string[];
}

/** Writes documents.jsonl and issues.jsonl. Throws CONFIG_INVALID for rows and options that are wrong. */
export async function runDosPreview(options: DosPreviewOptions): Promise<DosPreviewSummary> {
  const at = instant(options.at);
  const config = { ...DEFAULTS, ...flagsOf(options.flags ?? []) };
  const rows = await readRowsFile(options.rows);
  const preview = await previewDos(rows, config, at);
  const unread = Object.keys(rows).filter((table) => !Object.hasOwn(ROW_COLUMNS, table));
  await mkdir(options.out, { recursive: true });
  await writeLines(join(options.out, 'documents.jsonl'), preview.documents);
  await writeLines(join(options.out, 'issues.jsonl'), preview.services);
  return { services: preview.counts, documents: preview.documents.length, triageNotes: preview.triage.length, unread };
}

export const spokenDosSummary = (
  { services, documents, triageNotes, unread }: DosPreviewSummary,
  out: string,
): string => {
  const { total, inserted, unsupported, skipped, invalid, errors } = services;
  const rest = `${unsupported} unsupported, ${skipped} skipped, ${invalid} invalid, ${errors} rejected`;
  const notes = triageNotes === 0 ? '' : `; ${triageNotes} notes on triage codes`;
  const names = unread.map((name) => name.replace(/[^\w-]/g, '?').slice(0, 63));
  const left = names.length === 0 ? '' : `read by no rule: ${names.join(', ')}\n`;
  return `${total} services: ${inserted} moved, ${rest}; ${documents} items${notes}, in ${out}\n${left}`;
};

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;

/** ISO UTC with six decimals, as audit fields are made from. */
function instant(text: string | undefined): string {
  if (text === undefined) throw new SluiceError('CONFIG_INVALID', '--at: say the time that goes into the items');
  if (!INSTANT.test(text) || Number.isNaN(Date.parse(text)))
    throw new SluiceError('CONFIG_INVALID', '--at: an ISO time in UTC, e.g. 2026-03-13T09:00:00.123456Z');
  const [seconds = '', decimals = ''] = text.slice(0, -1).split('.');
  return `${seconds}.${decimals.padEnd(6, '0')}Z`;
}

/** The settings of a deployment that a flag changes, under our names and under the reference's. */
const FLAGS: Readonly<Record<string, 'searchTriageCode' | 'pharmacy' | 'adoptExisting'>> = {
  searchTriageCode: 'searchTriageCode',
  data_migration_search_triage_code_enabled: 'searchTriageCode',
  pharmacy: 'pharmacy',
  data_migration_pharmacy_enabled: 'pharmacy',
  adoptExisting: 'adoptExisting',
};

const SAID: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  '1': true,
  false: false,
  off: false,
  '0': false,
};

/** `pharmacy=off searchTriageCode=on`, with blanks or commas between, or the same as a JSON object. */
export function flagsOf(words: readonly string[]): Partial<DosConfig> {
  const text = words.join(',').trim();
  const pairs = text.startsWith('{')
    ? Object.entries(jsonObject(text))
    : text
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(pairOf);
  const flags: Record<string, boolean | string> = {};
  for (const [name, value] of pairs) {
    const said = String(value).toLowerCase();
    if (name === 'countyMatching' && (said === 'compat' || said === 'exact')) {
      flags.countyMatching = said;
      continue;
    }
    const [flag, on] = [FLAGS[name], SAID[said]];
    if (flag === undefined || on === undefined)
      throw new SluiceError(
        'CONFIG_INVALID',
        `--flags: ${Object.keys(FLAGS).join(', ')} are on or off; countyMatching is compat or exact`,
      );
    flags[flag] = on;
  }
  return flags as Partial<DosConfig>;
}

function pairOf(word: string): readonly [string, string] {
  const [name = '', value = 'on'] = word.split('=');
  return [name, value];
}

function jsonObject(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    throw new SluiceError('CONFIG_INVALID', '--flags: not JSON');
  }
}

async function writeLines(path: string, values: readonly unknown[]): Promise<void> {
  const stream = createWriteStream(path);
  for (const value of values) if (!stream.write(`${canonicalJson(value as JsonObject)}\n`)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
}

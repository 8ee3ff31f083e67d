import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../../src/core/index.ts';
import type { Synced } from '../../../src/migrations/dos/index.ts';
import type { Changes, Tables } from './directory.ts';

export interface Result extends Pick<Synced, 'outcome' | 'transformer' | 'rejectedBy'> {
  readonly skipped: { readonly reason: string } | null;
  readonly issues: readonly JsonObject[];
  readonly error: JsonObject | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly logCodes: readonly string[];
  readonly logs: readonly { readonly code: string; readonly level: string; readonly fields: JsonObject }[];
  readonly writes: readonly (readonly { readonly entity: string; readonly key: JsonObject }[])[];
  readonly versionHistory: readonly JsonObject[];
}

type Step =
  | { readonly do: 'sync'; readonly id: number }
  | { readonly do: 'apply'; readonly changes: Changes }
  | { readonly do: 'flags'; readonly flags: Flags }
  | { readonly do: 'delete_docs' | 'delete_state' | 'race_state'; readonly id: number };

type Flags = { readonly searchTriageCode: boolean; readonly pharmacy: boolean };

export interface TriageCase {
  readonly case: string;
  readonly category: 'triage';
  readonly flags: Pick<Flags, 'searchTriageCode'>;
  readonly source: Tables;
  /** raised: the reference gave up, and these are the items it had written by then */
  readonly expected: { readonly raised: string | null; readonly triageCodes: readonly JsonObject[] };
  readonly afterChange?: { readonly changes: Changes; readonly triageCodes: readonly JsonObject[] };
}

export interface ServiceCase {
  readonly case: string;
  readonly category: string;
  readonly flags: Flags;
  /** the service the case is about */
  readonly target: number;
  readonly source: Tables;
  readonly timeline: readonly { readonly step: Step; readonly at?: string; readonly result?: Result }[];
  readonly expected: {
    readonly organisation: JsonObject | null;
    readonly location: readonly JsonObject[];
    readonly healthcareService: readonly JsonObject[];
    readonly state: JsonObject | null;
    readonly otherDocuments: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  };
}

export interface EventCase extends Pick<ServiceCase, 'case' | 'source' | 'flags' | 'expected' | 'target'> {
  readonly category: 'event';
  readonly timeline: readonly [
    {
      readonly step: { readonly records: readonly Json[] };
      readonly at: string;
      readonly result: {
        readonly logCodes: readonly string[];
        readonly logs: Result['logs'];
        readonly response?: { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] };
        readonly raised?: string;
      };
    },
  ];
}

export interface QueueCase {
  readonly case: string;
  readonly category: 'queue';
  readonly source: { readonly services: readonly { id: number; typeid: number; statusid: number }[] };
  readonly input: {
    readonly type_ids: number[] | null;
    readonly status_ids: number[] | null;
    readonly service_id: number | null;
    readonly record_id: number | null;
    readonly full_sync: boolean;
    readonly table_name: string;
  };
  /** services whose messages the queue does not take */
  readonly failIds: readonly string[];
  readonly expected: {
    readonly batches: readonly { readonly Entries: readonly JsonObject[] }[];
    readonly logs: readonly JsonObject[];
  };
}

export type Vector = ServiceCase | TriageCase | EventCase | QueueCase;

export const isEvent = (vector: Vector): vector is EventCase => vector.category === 'event';
export const isQueue = (vector: Vector): vector is QueueCase => vector.category === 'queue';
export const isTriage = (vector: Vector): vector is TriageCase => vector.category === 'triage';
export const isService = (vector: Vector): vector is ServiceCase => 'timeline' in vector && !isEvent(vector);

/** Where the product is right and the reference is not: docs/dos.md says why. */
export const OTHERWISE: readonly string[] = [
  'clinical/disp-missing',
  'conflict/document-deleted-state-kept',
  'conflict/state-version-bumped',
  'update/opening-reordered-and-changed',
];

/** The reference's own files; not everybody has them. */
export const REFERENCE = '../shared/dos';

/** A file as text, unpacked when it is packed. */
export const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
};

export const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));

/** The cases of `DOS_VECTORS`, or of the open file; none where that is not. */
export function readVectors() {
  const file = process.env.DOS_VECTORS ?? join(REFERENCE, 'vectors_open.jsonl');
  const isThere = process.env.DOS_VECTORS !== undefined || existsSync(file);
  const reference: Tables = isThere ? JSON.parse(textOf(join(REFERENCE, 'reference_rows.json'))) : {};
  const vectors: readonly Vector[] = isThere ? linesOf(textOf(file)) : [];
  return { isThere, reference, vectors };
}

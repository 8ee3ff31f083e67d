import type { Document, JsonObject } from '../../../core/index.ts';
import { firstStamps, TRIAGE_WRITER } from '../documents/audit.ts';
import type { RowOf } from '../rows.ts';
import { itemDocument, TABLE_TARGETS } from '../targets.ts';

/** Discriminators above this came with the service finder. */
const LAST_OF_PATHWAYS = 10_999;

export const triageStamps = (at: string): JsonObject => firstStamps(at, TRIAGE_WRITER);

/** the id of the item that says which discriminators go with a symptom group */
export const combinationsId = (group: number): string => JSON.stringify([`SG${group}`, 'combinations']);

interface TriageItem {
  readonly id: string;
  readonly field: 'item' | 'combinations';
  readonly source: 'pathways' | 'servicefinder';
  readonly codeType: string;
  readonly codeID: number | string | null;
  readonly codeValue: string | null;
  readonly more?: JsonObject;
}

function triageItem({ more = {}, ...item }: TriageItem, asOf: string): Document {
  const empty = { synonyms: [], time: 0, zCodeExists: false, combinations: [], dx_group_ids: [] };
  const content: JsonObject = { ...item, ...empty, ...more };
  const stamps = triageStamps(asOf);
  return itemDocument(TABLE_TARGETS.triageCode, { content, basis: content, stamps, orderKey: item.id });
}

const sourceOf = (group: RowOf<'symptomgroups'>) => (group.zcodeexists === true ? 'servicefinder' : 'pathways');

export const groupItem = (group: RowOf<'symptomgroups'>, asOf: string): Document =>
  triageItem(
    {
      id: `SG${group.id}`,
      field: 'item',
      source: sourceOf(group),
      codeType: 'Symptom Group (SG)',
      codeID: group.id,
      codeValue: group.name,
      more: { zCodeExists: group.zcodeexists },
    },
    asOf,
  );

/** @param discriminators in the order of the rows that link them */
export const combinationItem = (
  group: RowOf<'symptomgroups'>,
  discriminators: readonly RowOf<'symptomdiscriminators'>[],
  asOf: string,
): Document =>
  triageItem(
    {
      id: `SG${group.id}`,
      field: 'combinations',
      source: sourceOf(group),
      codeType: 'Symptom Group and Symptom Discriminator Pair (SG-SD)',
      codeID: null,
      codeValue: null,
      more: {
        combinations: discriminators.map(({ id, description }) => ({ id: `SD${id}`, value: description ?? '' })),
      },
    },
    asOf,
  );

export const discriminatorItem = (
  discriminator: RowOf<'symptomdiscriminators'>,
  synonyms: readonly string[],
  asOf: string,
): Document =>
  triageItem(
    {
      id: `SD${discriminator.id}`,
      field: 'item',
      source: discriminator.id <= LAST_OF_PATHWAYS ? 'pathways' : 'servicefinder',
      codeType: 'Symptom Discriminator (SD)',
      codeID: discriminator.id,
      codeValue: discriminator.description ?? '',
      more: { synonyms },
    },
    asOf,
  );

export const dispositionItem = (row: RowOf<'dispositions'>, dxcode: string, asOf: string): Document =>
  triageItem(
    {
      id: dxcode,
      field: 'item',
      source: 'pathways',
      codeType: 'Disposition (Dx)',
      codeID: dxcode,
      codeValue: row.name,
      more: { time: row.dispositiontime ?? 0 },
    },
    asOf,
  );

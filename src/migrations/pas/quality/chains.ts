import type { TargetEdge } from '../catalogue/model.ts';
import { fingerprints, hash32 } from './fingerprints.ts';
import type { IssueBook } from './issue-book.ts';
import { MOST_RECORDS } from './records.ts';

/** Whether the rows of a table lead to a patient, by their own number or by the rows they point to. */
export interface ChainFigures {
  rows: number;
  toPatient: number;
}

export interface ChainChecker {
  /** Tables must come in load order. null: nothing ties the table to a patient. */
  table(table: string, header: readonly string[]): ((cells: readonly string[], place: () => string) => void) | null;
  readonly figures: ReadonlyMap<string, ChainFigures>;
}

const PATIENTS = 'LOAD_PMI';

/** By record number 16 bits that stand for the row's patient; 0: unknown. */
interface Tags {
  get(record: number): number;
  set(record: number, tag: number): void;
}

function createTags(): Tags {
  let tags = new Uint16Array(1 << 12);
  return {
    get: (record) => tags[record] ?? 0,
    set(record, tag) {
      if (record >= tags.length) {
        const wider = new Uint16Array(Math.max(record + 1, tags.length * 2));
        wider.set(tags);
        tags = wider;
      }
      tags[record] = tag;
    },
  };
}

const tagOf = (crn: string): number => (hash32(crn) % 0xffff) + 1;

/**
 * Follows every row to its patient: main_crn names a patient of LOAD_PMI, and only one; a row and the rows it points to
 * are of the same patient; no row is left without any. A patient is held as 16 bits, so that one mix-up in 65,535 goes
 * unseen, and a fault of a rule does not.
 */
export function createChainChecker(edges: readonly TargetEdge[], book: IssueBook): ChainChecker {
  const tags = new Map<string, Tags>();
  const figures = new Map<string, ChainFigures>();
  const parents = new Set(edges.map(({ parent }) => parent));
  const numbers = fingerprints();
  let patientsRead = false;

  return {
    figures,
    table(table, header) {
      const at = new Map(header.map((name, i) => [name, i]));
      const crnAt = at.get('main_crn');
      const recordAt = at.get('record_number') ?? -1;
      const links = edges.flatMap(({ child, field, parent }) => {
        const index = child === table ? at.get(field) : undefined;
        const known = tags.get(parent);
        return index === undefined || !known ? [] : [{ index, field, known }];
      });
      const own = parents.has(table) ? createTags() : null;
      if (own) tags.set(table, own);
      if (crnAt === undefined && links.length === 0) return null;
      const figure: ChainFigures = { rows: 0, toPatient: 0 };
      figures.set(table, figure);
      const isPatients = table === PATIENTS;
      patientsRead ||= isPatients;
      const say = (category: string, field: string, message: string, place: () => string): void =>
        book.add({ severity: 'ERROR', category, table, field, message }, place);

      return (cells, place) => {
        figure.rows += 1;
        const crn = crnAt === undefined ? '' : (cells[crnAt] ?? '');
        let tag = crn === '' ? 0 : tagOf(crn);
        if (crn !== '' && isPatients && !numbers.add(crn))
          say('TARGET_CRN_DUPLICATE', 'main_crn', 'two patients have this number', place);
        else if (crn !== '' && !isPatients && patientsRead && !numbers.has(crn))
          say('TARGET_CRN_UNKNOWN', 'main_crn', 'no patient in LOAD_PMI has this number', place);
        for (const { index, field, known } of links) {
          const link = cells[index] ?? '';
          const parent = link === '' ? 0 : known.get(Number(link));
          if (parent === 0) continue;
          if (tag === 0) tag = parent;
          else if (tag !== parent)
            say('TARGET_CHAIN_MIXED', field, 'the row it points to is of another patient', place);
        }
        if (tag === 0) say('TARGET_CHAIN_BROKEN', '', 'neither a number nor a link leads to a patient', place);
        else figure.toPatient += 1;
        const record = recordAt < 0 ? 0 : Number(cells[recordAt]);
        if (own && record >= 1 && record <= MOST_RECORDS) own.set(record, tag);
      };
    },
  };
}

import type { Catalogue } from '../catalogue/model.ts';
import type { Report } from './finding.ts';
import type { Contract, CrosswalkEntry } from './model.ts';

/** Crosswalks in themselves: masters that exist, codes that mean one thing on any day, names that are used. */
export function checkCrosswalks(contract: Contract, catalogue: Catalogue, report: Report, warn: Report): void {
  const used = new Set<string>();
  for (const rows of contract.fields.values())
    for (const { rule } of rows) if (rule.kind === 'translate') used.add(rule.crosswalk);
  for (const crosswalk of contract.crosswalks.values()) {
    const about = `crosswalk ${crosswalk.name}`;
    if (!used.has(crosswalk.name)) warn('CROSSWALK_UNUSED', '', '', `${about} is named by no field`);
    if (crosswalk.kind === 'master') {
      if (!catalogue.sourceFields.get(crosswalk.table)?.has(crosswalk.column))
        report(
          'COLUMN_UNKNOWN',
          '',
          '',
          `${about}: ${crosswalk.table}.${crosswalk.column} is not in the source catalogue`,
        );
      continue;
    }
    for (const [i, entry] of crosswalk.entries.entries()) {
      if (crosswalk.entries.slice(0, i).some((other) => sameDay(entry, other)))
        report('CROSSWALK_CODE_TWICE', '', '', `${about}: code ${entry.source} has two meanings on one day`);
      if (entry.source === '' || entry.target === '')
        report('CROSSWALK_CODE_TWICE', '', '', `${about}: entry ${i + 1} lacks a code`);
      if ((entry.review === 'APPROVED' || entry.review === 'REJECTED') && entry.reviewedBy === '')
        report('REVIEWER_MISSING', '', '', `${about}: code ${entry.source} is ${entry.review} by nobody`);
    }
  }
}

function sameDay(a: CrosswalkEntry, b: CrosswalkEntry): boolean {
  if (a.source !== b.source || a.review === 'REJECTED' || b.review === 'REJECTED') return false;
  return (a.from ?? '') <= (b.to ?? '9999') && (b.from ?? '') <= (a.to ?? '9999');
}

import { healthcareServiceOf } from '../documents/healthcare-service.ts';
import { readContacts } from '../fields/contacts.ts';
import { Rejection } from '../rejection.ts';
import type { ServiceRow } from '../rows.ts';
import { isMissing, notActive, type Transformer } from './transformer.ts';

export interface LinkedKind {
  readonly name: string;
  readonly typeid: number;
  /** what follows the pharmacy's own code, the longest first */
  readonly suffixes: readonly string[];
  /** why a code without blanks is not of this kind, beside its suffix */
  readonly codeRefusal?: (code: string) => string | null;
  readonly namePrefixes: readonly string[];
  /** a bad name makes the service another's, or one of this kind that is passed over */
  readonly nameTested: 'in-refusal' | 'in-exclusion';
  readonly serviceType: string;
}

/** A service that a pharmacy offers under a code of its own: it takes organisation and location from the pharmacy. */
export function linkedPharmacy(kind: LinkedKind): Transformer {
  const suffixOf = (code: string): string | undefined => kind.suffixes.find((suffix) => code.endsWith(suffix));
  const hasPrefix = (row: ServiceRow): boolean => kind.namePrefixes.some((prefix) => row.name.startsWith(prefix));
  return {
    name: kind.name,
    needs: 'pharmacy',
    refusal(row) {
      if (row.typeid !== kind.typeid) return 'type_mismatch';
      if (isMissing(row.odscode)) return 'ods_missing';
      const refused = kind.codeRefusal?.(row.odscode) ?? null;
      if (refused !== null) return refused;
      if (suffixOf(row.odscode) === undefined) return 'ods_suffix';
      return kind.nameTested === 'in-refusal' && !hasPrefix(row) ? 'name_prefix' : null;
    },
    exclusion(row, wasMoved) {
      const inactive = notActive(row, wasMoved);
      if (inactive !== null || kind.nameTested === 'in-refusal') return inactive;
      if (row.name === '') return 'name_missing';
      return hasPrefix(row) ? null : 'name_prefix';
    },
    check(source) {
      const { contacts, issues } = readContacts(source.row);
      return {
        issues,
        notes: [],
        build: ({ parent }, log) => {
          if (parent === null) throw new Rejection({ kind: 'parent_not_found' });
          const facts = { category: 'Pharmacy Services', type: kind.serviceType, at: parent, contacts };
          return { organisation: null, location: null, healthcareService: healthcareServiceOf(source, facts, log) };
        },
      };
    },
    parentCode(row) {
      const suffix = row.odscode === null ? undefined : suffixOf(row.odscode);
      return row.odscode === null || suffix === undefined ? null : row.odscode.slice(0, -suffix.length);
    },
  };
}

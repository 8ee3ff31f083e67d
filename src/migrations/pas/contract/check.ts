import type { Catalogue } from '../catalogue/model.ts';
import { checkCrosswalks } from './check-crosswalks.ts';
import { checkFields } from './check-fields.ts';
import { checkPlans } from './check-plans.ts';
import type { Finding, Report } from './finding.ts';
import type { ReadContract } from './read.ts';

/** Every table, field, type, length, join, key and crosswalk of a contract against the catalogues. */
export function checkContract(contract: ReadContract, catalogue: Catalogue): Finding[] {
  const findings: Finding[] = [];
  const taking =
    (severity: Finding['severity']): Report =>
    (kind, table, field, message) =>
      findings.push({ severity, kind, table, field, message });
  const report = taking('ERROR');
  checkPlans(contract, catalogue, report);
  checkFields(contract, catalogue, report);
  checkCrosswalks(contract, catalogue, report, taking('WARN'));
  return findings;
}

import { normaliseNhsNumber } from '../../../core/index.ts';

export type NhsNumberProblem = 'NHS_FORMAT' | 'NHS_SAME_DIGIT' | 'NHS_CHECK_DIGIT' | 'NHS_TEST_RANGE';

/**
 * Ten ASCII digits with a right check digit once blanks and hyphens are out. Numbers beginning 999 are never issued:
 * they pass only where the data is declared to be invented.
 */
export function checkNhsNumber(
  text: string,
  options: { readonly testData: boolean },
): { readonly digits: string } | NhsNumberProblem {
  const digits = text.replace(/[ -]/g, '');
  if (!/^[0-9]{10}$/.test(digits)) return 'NHS_FORMAT';
  if (/^(\d)\1{9}$/.test(digits)) return 'NHS_SAME_DIGIT';
  if (normaliseNhsNumber(digits) === null) return 'NHS_CHECK_DIGIT';
  if (digits.startsWith('999') && !options.testData) return 'NHS_TEST_RANGE';
  return { digits };
}

import { type Image, normaliseNhsNumber } from '../../../core/index.ts';
import { alike } from '../text.ts';
import { dateOf } from '../time.ts';

export type MatchRule = 'nhs' | 'demographic' | 'submission' | 'lab';

const textOf = (image: Image, column: string): string | null => {
  const value = image[column];
  return typeof value === 'string' ? value : null;
};

/**
 * Whose form this is: by a valid NHS number; else by surname, first name, birth date and e-mail when all four are there
 * (a family shares an address, so an address alone joins nobody); else the form stands alone.
 * Total, as links must be. Text is normalised for matching only.
 */
export function matchSubmission(image: Image): string | null {
  const nhs = normaliseNhsNumber(textOf(image, 'nhs_number'));
  if (nhs !== null) return `nhs:${nhs}`;
  const person = [
    alike(textOf(image, 'surname')),
    alike(textOf(image, 'first_name')),
    dateOf(image['date_of_birth']) ?? '',
    alike(textOf(image, 'email')),
  ];
  // as JSON, so that no name can imitate two parts
  if (person.every((part) => part !== '')) return `demographic:${JSON.stringify(person)}`;
  const id = textOf(image, 'id');
  return id === null ? null : `submission:${id}`;
}

/** An order without a form has a patient of its own; with one it belongs to the form's. */
export function matchLabOrder(image: Image): string | null {
  const id = textOf(image, 'id');
  return id === null || textOf(image, 'submission_id') !== null ? null : `lab:${id}`;
}

export const ruleOf = (matchKey: string): MatchRule => matchKey.slice(0, matchKey.indexOf(':')) as MatchRule;

/** The NHS number a key was made of. Any other person's number would break the key's promise, so rows do not say it. */
export const nhsNumberOf = (matchKey: string): string | null =>
  ruleOf(matchKey) === 'nhs' ? matchKey.slice('nhs:'.length) : null;

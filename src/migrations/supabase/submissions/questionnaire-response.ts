import type { JsonObject } from '../../../core/index.ts';
import { type Loose, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { said } from '../text.ts';
import {
  QUESTIONNAIRE_VERSION,
  QUESTIONS,
  type Question,
  type QuestionGroup,
  questionnaireUrl,
} from './questionnaire.ts';
import type { SubmissionRow } from './row.ts';

const words = (text: string | null): readonly Loose[] => {
  const value = said(text);
  return value === null ? [] : [{ valueString: value }];
};

function answersOf(row: SubmissionRow, { linkId, type }: Question): readonly Loose[] {
  const value = row[linkId];
  if (Array.isArray(value)) return value.flatMap((one) => words(String(one)));
  // What an old row leaves open must not go out as a "no": nobody was asked.
  if (value === null) return [];
  if (type === 'boolean') return [{ valueBoolean: value }];
  return type === 'dateTime' ? [{ valueDateTime: value }] : words(String(value));
}

function item(row: SubmissionRow, question: Question): Loose {
  const answer = answersOf(row, question);
  return answer.length === 0 ? {} : { linkId: question.linkId, text: question.text, answer };
}

/** A group has items or it is not there: one with neither items nor answers says nothing. */
function group(row: SubmissionRow, { linkId, text, questions }: QuestionGroup): Loose {
  const kept = resource({ items: questions.map((question) => item(row, question)) })['items'];
  return kept === undefined ? {} : { linkId, text, item: kept };
}

export const questionnaireResponseId = (names: Names, submissionId: string): string =>
  names.resource('QuestionnaireResponse', 'submission', submissionId);

export function questionnaireResponse(
  names: Names,
  row: SubmissionRow,
  patientId: string,
  deleted: boolean,
): JsonObject {
  return resource({
    resourceType: 'QuestionnaireResponse',
    id: questionnaireResponseId(names, row.id),
    meta: metaOf(names, 'QuestionnaireResponse'),
    identifier: { system: names.system('submission'), value: row.id },
    text: narrative('Allergy intake form'),
    questionnaire: `${questionnaireUrl(names)}|${QUESTIONNAIRE_VERSION}`,
    status: deleted ? 'entered-in-error' : 'completed',
    subject: reference('Patient', patientId),
    authored: row.created_at,
    author: reference('Patient', patientId),
    item: QUESTIONS.map((one) => group(row, one)),
  });
}

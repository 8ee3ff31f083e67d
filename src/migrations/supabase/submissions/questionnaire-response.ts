import type { JsonObject } from '../../../core/index.ts';
import { type Loose, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { said } from '../text.ts';
import type { SubmissionRow } from './row.ts';

type Answer = readonly Loose[];

const words = (text: string | null): Answer => {
  const value = said(text);
  return value === null ? [] : [{ valueString: value }];
};
// What an old row leaves open must not go out as a "no": nobody was asked.
const yesOrNo = (value: boolean | null): Answer => (value === null ? [] : [{ valueBoolean: value }]);

/** The form's questions in its order. Notes of the staff are not among them, and must never be. */
const question = {
  history: (row: SubmissionRow): Loose => [
    item('symptoms', 'Symptoms', row.symptoms.flatMap(words)),
    item('onset_time', 'When reactions started', words(row.onset_time)),
    item('reaction_frequency', 'How often reactions happen', words(row.reaction_frequency)),
    item('most_severe_reaction', 'Most severe reaction', words(row.most_severe_reaction)),
  ],
  triggers: (row: SubmissionRow): Loose => [
    item('food_triggers', 'Food triggers', row.food_triggers.flatMap(words)),
    item('other_triggers', 'Other triggers', words(row.other_triggers)),
    item('can_eat_baked_egg', 'Tolerates baked egg', yesOrNo(row.can_eat_baked_egg)),
    item('can_eat_baked_milk', 'Tolerates baked milk', yesOrNo(row.can_eat_baked_milk)),
  ],
  health: (row: SubmissionRow): Loose => [
    item('asthma_control', 'Asthma control', words(row.asthma_control)),
    item('eczema', 'Eczema', yesOrNo(row.eczema)),
    item('hay_fever', 'Hay fever', yesOrNo(row.hay_fever)),
    item('other_conditions', 'Other conditions', words(row.other_conditions)),
    item(
      'last_antihistamine',
      'Last antihistamine',
      row.last_antihistamine === null ? [] : [{ valueDateTime: row.last_antihistamine }],
    ),
    item('taking_beta_blocker', 'Beta blocker', yesOrNo(row.taking_beta_blocker)),
    item('taking_ace_inhibitor', 'ACE inhibitor', yesOrNo(row.taking_ace_inhibitor)),
    item('pregnant', 'Pregnant', yesOrNo(row.pregnant)),
    item('has_auto_injector', 'Has auto-injector', yesOrNo(row.has_auto_injector)),
    item('carries_auto_injector', 'Carries auto-injector', yesOrNo(row.carries_auto_injector)),
  ],
  notes: (row: SubmissionRow): Loose => [item('patient_notes', 'Patient notes', words(row.patient_notes))],
};

const item = (linkId: string, text: string, answer: Answer): Loose =>
  answer.length === 0 ? {} : { linkId, text, answer };

/** A group has items or it is not there: one with neither items nor answers says nothing. */
function group(linkId: string, text: string, items: Loose): Loose {
  const kept = resource({ items })['items'];
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
    questionnaire: names.site('Questionnaire/allergy-intake|1.0.0'),
    status: deleted ? 'entered-in-error' : 'completed',
    subject: reference('Patient', patientId),
    authored: row.created_at,
    author: reference('Patient', patientId),
    item: [
      group('history', 'Allergy history', question.history(row)),
      group('triggers', 'Triggers', question.triggers(row)),
      group('health', 'Background health', question.health(row)),
      group('notes', 'Notes', question.notes(row)),
    ],
  });
}

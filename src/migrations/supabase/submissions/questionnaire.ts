import type { JsonObject } from '../../../core/index.ts';
import type { Names } from '../names.ts';
import type { SubmissionRow } from './row.ts';

export interface Question {
  /** the source's column */
  readonly linkId: keyof SubmissionRow & string;
  readonly text: string;
  readonly type: 'text' | 'boolean' | 'dateTime';
  readonly repeats?: true;
}

export interface QuestionGroup {
  readonly linkId: string;
  readonly text: string;
  readonly questions: readonly Question[];
}

const text = (linkId: Question['linkId'], words: string): Question => ({ linkId, text: words, type: 'text' });
const many = (linkId: Question['linkId'], words: string): Question => ({ ...text(linkId, words), repeats: true });
const yesOrNo = (linkId: Question['linkId'], words: string): Question => ({ linkId, text: words, type: 'boolean' });

/** The form's questions in its order. Notes of the staff are not among them, and must never be. */
export const QUESTIONS: readonly QuestionGroup[] = [
  {
    linkId: 'history',
    text: 'Allergy history',
    questions: [
      many('symptoms', 'Symptoms'),
      text('onset_time', 'When reactions started'),
      text('reaction_frequency', 'How often reactions happen'),
      text('most_severe_reaction', 'Most severe reaction'),
    ],
  },
  {
    linkId: 'triggers',
    text: 'Triggers',
    questions: [
      many('food_triggers', 'Food triggers'),
      text('other_triggers', 'Other triggers'),
      yesOrNo('can_eat_baked_egg', 'Tolerates baked egg'),
      yesOrNo('can_eat_baked_milk', 'Tolerates baked milk'),
    ],
  },
  {
    linkId: 'health',
    text: 'Background health',
    questions: [
      text('asthma_control', 'Asthma control'),
      yesOrNo('eczema', 'Eczema'),
      yesOrNo('hay_fever', 'Hay fever'),
      text('other_conditions', 'Other conditions'),
      { linkId: 'last_antihistamine', text: 'Last antihistamine', type: 'dateTime' },
      yesOrNo('taking_beta_blocker', 'Beta blocker'),
      yesOrNo('taking_ace_inhibitor', 'ACE inhibitor'),
      yesOrNo('pregnant', 'Pregnant'),
      yesOrNo('has_auto_injector', 'Has auto-injector'),
      yesOrNo('carries_auto_injector', 'Carries auto-injector'),
    ],
  },
  { linkId: 'notes', text: 'Notes', questions: [text('patient_notes', 'Patient notes')] },
];

/** Another set of questions is another version. */
export const QUESTIONNAIRE_VERSION = '1.0.0';

export const questionnaireUrl = (names: Names): string => names.site('Questionnaire/allergy-intake');

/** The form every QuestionnaireResponse names, for those who want to read one by it. */
export const questionnaire = (names: Names): JsonObject => ({
  resourceType: 'Questionnaire',
  id: 'allergy-intake',
  url: questionnaireUrl(names),
  version: QUESTIONNAIRE_VERSION,
  name: 'AllergyIntake',
  title: 'Allergy intake form',
  status: 'active',
  subjectType: ['Patient'],
  item: QUESTIONS.map(({ linkId, text, questions }) => ({
    linkId,
    text,
    type: 'group',
    item: questions.map((question) => ({ ...question })),
  })),
});

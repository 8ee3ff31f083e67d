import type { Chance } from '../chance.ts';

export const SYMPTOMS = [
  'hives/urticaria',
  'lip/tongue swelling',
  'itchy mouth',
  'vomiting',
  'tummy pain',
  'wheeze',
  'cough',
  'runny nose',
  'eczema flare',
  'faintness',
  'throat tightness',
  'anaphylaxis',
] as const;
export const FOODS = [
  'peanut',
  'tree nuts',
  'egg',
  'milk',
  'wheat',
  'soya',
  'sesame',
  'fish',
  'shellfish',
  'kiwi',
  'lupin',
  'mustard',
  'unsure',
  'other',
] as const;
export const OTHER_TRIGGERS = [
  'bee stings',
  'house dust',
  'grass pollen',
  'cat',
  'penicillin',
  'latex gloves',
] as const;
export const ONSETS = [
  'within minutes',
  'under 2 hours',
  '2-6 hours',
  'next day',
  'not sure',
  "can't remember",
] as const;
export const FREQUENCIES = ['once', '2-3 times', 'every exposure', 'monthly', 'it varies'] as const;
export const WORST = [
  'Lips swelled after a biscuit',
  'Rash all over, settled with antihistamine',
  'Blue-lighted to A&E, adrenaline given',
  'Vomited twice, then slept',
  'Wheeze for an hour; used "blue" inhaler',
  'Face puffed up < 10 min after nursery lunch',
] as const;
export const ASTHMA = ['well-controlled', 'sometimes-uncontrolled', 'poorly-controlled', 'none', 'unknown'] as const;
export const CONDITIONS = ['coeliac disease', 'EoE', 'type 1 diabetes', 'none known', 'perennial rhinitis'] as const;
export const FLAGS = [
  'previous-anaphylaxis',
  'uncontrolled-asthma',
  'beta-blocker',
  'school-plan-needed',
  'dna-twice',
] as const;
export const SUBMISSION_STATUSES = [
  ['new', 40],
  ['ready_spt', 25],
  ['needs_review', 15],
  ['completed', 20],
] as const;

export const LOCATIONS = [
  'Room 1',
  'Room 2',
  'Room 3',
  'Challenge bay',
  'Outreach clinic, St Ives',
  ' room 2 ',
  'Video',
] as const;
export const VISIT_NOTES = [
  'Skin prick test',
  'Baked egg challenge',
  'Review',
  'Bring usual snack & spacer',
  'New <urgent> slot',
] as const;
export const REQUEST_MESSAGES = [
  'Please can we move to after school?',
  'No longer needed, thank you',
  'Running 10 min late — is that OK?',
  'Can a grandparent attend instead?',
  'Wrong child booked!',
] as const;

export const ORDER_TYPES = ['Allergen Panel', 'Specific IgE: peanut', 'Component testing', 'Tryptase', 'FBC'] as const;
export const VENDORS = ['Northfield Pathology', 'Severn Labs', 'severn labs', 'Immuno-Direct', 'Lab & Co.'] as const;

export const RELATIONSHIPS = [
  'Mother',
  'Father',
  'mum',
  'Grandmother',
  'grandfather',
  'Guardian',
  'Aunt',
  'Uncle',
  'Parent',
  'childminder',
  'foster carer',
  'Sister',
] as const;

const PLAIN = (
  'the child ate about half a spoon of yoghurt and within some minutes there was redness around mouth and ears no ' +
  'wheeze was heard settled after antihistamine mother worried about school trips nursery informed plan shared care ' +
  'team discussed adrenaline device technique repeated video seen review in six months letter to practice copied'
).split(' ');

/** Free text of about this many characters that does not squeeze well, so that a long one is stored out of line. */
export function prose(chance: Chance, length: number): string {
  const words: string[] = [];
  for (let size = 0; size < length; ) {
    const word = chance.yes(0.35) ? chance.below(0x7fffffff).toString(36) : chance.pick(PLAIN);
    words.push(word);
    size += word.length + 1;
  }
  return words.join(' ');
}

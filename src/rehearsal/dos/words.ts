/** Names of places and people that are nowhere; telephones are of the ranges kept for drama, addresses end in example. */
export const STREETS = [
  'Larkspur Row',
  'Tansy Lane',
  'Old Quarry Road',
  'Mill Stairs',
  'Harbour Rise',
  'Kestrel Close',
];
export const TOWNS = ['Penhallow', 'Nether Moor', 'Stickle Bridge', 'Wendlecombe', 'Great Ashing', 'Tollerby'];
export const COUNTIES = ['Cornwall', 'Avon', 'Berkshire', 'North Yorkshire', 'Wendshire', ''];
export const NAMES = [
  'Larkspur',
  'Bellwether',
  'Tansy',
  'Foxholes',
  'Amber Hill',
  'Three Oaks',
  'Riverside',
  'Copper Beech',
];
export const SYMPTOMS = ['Itch', 'Cough', 'Ache', 'Rash', 'Dizzy spell', 'Sore throat', 'Sprain', 'Fever'];
export const WHERE = ['of the arm', 'of the leg', 'at night', 'in a child', 'after a fall', 'that comes back'];

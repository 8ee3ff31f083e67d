/** Short forms of V83 names and the words target names use for the same. */
const MEANS: Readonly<Record<string, string>> = {
  adm: 'admission',
  admit: 'admission',
  addr: 'address',
  add: 'address',
  addline: 'address',
  appt: 'appointment',
  canc: 'cancelled',
  cons: 'consultant',
  dob: 'birth',
  disch: 'discharge',
  dsch: 'discharge',
  dt: 'date',
  dtime: 'date',
  dttm: 'date',
  datetime: 'date',
  diag: 'diagnosis',
  epi: 'episode',
  eps: 'episode',
  forenames: 'forename',
  hosp: 'hospital',
  intd: 'intended',
  mgmt: 'management',
  no: 'number',
  nok: 'kin',
  num: 'number',
  op: 'operation',
  pat: 'patient',
  pc: 'postcode',
  phone: 'telephone',
  proc: 'procedure',
  pt: 'patient',
  ref: 'referral',
  spec: 'specialty',
  surname: 'family',
  tel: 'telephone',
  wl: 'waitlist',
  waiting: 'waitlist',
};

/** Words that say nothing of what is meant. */
const EMPTY = new Set(['int', 'internal', 'ext', 'external', 'of', 'the', 'on', 'is', 'patient', '1']);

function wordsOf(name: string): Set<string> {
  const words = name
    .replace(/post_code/gi, 'postcode')
    .replace(/PostCode/g, 'Postcode')
    .replace(/([a-z])([A-Z0-9])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return new Set(words.map((word) => MEANS[word] ?? word).filter((word) => word !== '' && !EMPTY.has(word)));
}

/** 0 to 1: how many of the words of two names agree. */
export function alike(a: string, b: string): number {
  const left = wordsOf(a);
  const right = wordsOf(b);
  if (left.size === 0 || right.size === 0) return 0;
  const shared = [...left].filter((word) => right.has(word)).length;
  return shared / (left.size + right.size - shared);
}

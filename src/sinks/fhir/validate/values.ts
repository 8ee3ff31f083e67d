const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const DATE_TIME =
  /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether the text is a legal value of a primitive FHIR type; types whose syntax the structure check knows pass. */
export function isLegal(type: string, text: string): boolean {
  if (text === '') return false;
  if (type === 'date') return DATE.test(text) && dayExists(text);
  if (type === 'dateTime') return DATE_TIME.test(text) && dayExists(text);
  if (type === 'instant') return text.includes('T') && DATE_TIME.test(text) && dayExists(text);
  return true;
}

export const isResourceId = (text: string): boolean => ID.test(text);

function dayExists(text: string): boolean {
  const [year = 0, month = 1, day] = text.slice(0, 10).split('-').map(Number);
  return day === undefined || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

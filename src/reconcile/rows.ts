import { canonicalDecimal, canonicalJson, type Difference, type Image, type Json } from '../core/index.ts';

const DECIMAL = /^[+-]?\d*\.?\d+$/;
/** capture writes as many places as the column has, a query six */
const INSTANT = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d+)Z$/;

/** No text is this. */
const NULL = '\u0000';

/** A value of a source row in one form: what capture and a query may write in different ways. Text is as it is. */
function form(value: Json | undefined, isText: boolean): string {
  if (value === null || value === undefined) return NULL;
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : canonicalJson(value);
  if (isText) return text;
  if (DECIMAL.test(text)) return canonicalDecimal(text);
  return text.replace(INSTANT, (_, whole: string, places: string) => {
    const told = places.replace(/0+$/, '');
    return `${whole}${told === '' ? '' : `.${told}`}Z`;
  });
}

/**
 * Columns in which a landed image is not what the source has. Of columns only one of both knows, null is as good as none.
 *
 * @param texts columns of text: `07` is not `7` there
 */
export function compareRows(source: Image, landed: Image, texts: ReadonlySet<string>): readonly Difference[] {
  const differences: Difference[] = [];
  for (const path of new Set([...Object.keys(source), ...Object.keys(landed)]))
    if (form(source[path], texts.has(path)) !== form(landed[path], texts.has(path)))
      differences.push({ path, class: 'value' });
  return differences;
}

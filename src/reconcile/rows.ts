import { canonicalDecimal, canonicalJson, type Difference, type Image, type Json } from '../core/index.ts';

const DECIMAL = /^[+-]?\d*\.?\d+$/;
/** capture writes as many places as the column has, a query six */
const INSTANT = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d+)Z$/;

/** A value of a source row in one form: what capture and a query may write in different ways. */
function form(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : canonicalJson(value);
  if (DECIMAL.test(text)) return canonicalDecimal(text);
  return text.replace(INSTANT, (_, whole: string, places: string) => {
    const told = places.replace(/0+$/, '');
    return `${whole}${told === '' ? '' : `.${told}`}Z`;
  });
}

/** Columns in which a landed image is not what the source has. Of columns only one of both knows, null is as good as none. */
export function compareRows(source: Image, landed: Image): readonly Difference[] {
  const differences: Difference[] = [];
  for (const path of new Set([...Object.keys(source), ...Object.keys(landed)]))
    if (form(source[path]) !== form(landed[path])) differences.push({ path, class: 'value' });
  return differences;
}

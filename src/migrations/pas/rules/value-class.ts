/** Longer shapes are cut here: what matters is seen in the first characters. */
const LONGEST = 24;
/** A value may be of any length; its first characters are enough. */
const LOOKED_AT = 4096;

/**
 * The shape of a value, for people who must see why it was refused without seeing it: letters become A or a, digits
 * 9, runs are counted. `14/03/1958` is `9{2}/9{2}/9{4}`.
 */
export function valueClass(value: string): string {
  if (value === '') return 'empty';
  if (value.trim() === '') return 'blank';
  const shape = value
    .slice(0, LOOKED_AT)
    .replace(/\p{Lu}/gu, 'A')
    .replace(/\p{Ll}/gu, 'a')
    .replace(/\p{Lo}/gu, 'a')
    .replace(/\p{Nd}/gu, '9')
    .replace(/[\r\n]+/g, '|')
    .replace(/(.)\1+/gu, (run, unit: string) => `${unit}{${[...run].length}}`);
  return shape.length > LONGEST ? `${shape.slice(0, LONGEST)}+` : shape;
}

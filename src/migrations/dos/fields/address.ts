import { countyOf } from './county.ts';
import { alike, trimmed } from './text.ts';

export interface Address {
  readonly line1: string | null;
  readonly line2: string | null;
  readonly county: string | null;
  readonly town: string | null;
  readonly postcode: string | null;
}

interface AddressColumns {
  readonly address: string | null;
  readonly town: string | null;
  readonly postcode: string | null;
}

/** The address of a service out of its one column with `$` between the lines; null when there is none to speak of. */
export function readAddress(row: AddressColumns, matching: 'compat' | 'exact'): Address | null {
  const { address, town, postcode } = row;
  if (address === null || address === '' || alike(address) === 'not available') return null;
  const lines: string[] = [];
  for (const line of address.split('$').map(trimmed)) {
    const isTold = line === '' || alike(line) === alike(town) || alike(line) === alike(lines.at(-1) ?? null);
    if (!isTold) lines.push(line);
  }
  let county: string | null = null;
  for (let place = lines.length - 1; place >= 0 && county === null; place--) {
    county = countyOf(lines[place] ?? '', matching);
    if (county !== null) lines.splice(place, 1);
  }
  return { line1: lines[0] ?? null, line2: lines[1] ?? null, county, town, postcode };
}

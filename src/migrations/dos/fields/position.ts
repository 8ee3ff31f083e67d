import { fixedText, tenPlaces } from './decimals.ts';

export interface Coordinates {
  readonly latitude: string;
  readonly longitude: string;
}

/** Both coordinates, to ten places; null when one is missing or zero, as the reference has it. */
export function readPosition(latitude: number | null, longitude: number | null): Coordinates | null {
  if (latitude === null || longitude === null) return null;
  const [north, east] = [tenPlaces(latitude), tenPlaces(longitude)];
  return north === 0n || east === 0n ? null : { latitude: fixedText(north), longitude: fixedText(east) };
}

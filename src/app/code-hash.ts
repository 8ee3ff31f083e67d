import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One hash over the code of rooms, e.g. `gates`: what was judged or made by other code is told by it. */
export function codeHash(rooms: readonly string[]): string {
  const texts: string[] = [];
  for (const room of rooms) {
    const folder = fileURLToPath(new URL(`../${room}`, import.meta.url));
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names) if (/\.[jt]s$/.test(name)) texts.push(name, readFileSync(join(folder, name), 'utf8'));
  }
  return hash('sha256', texts.join('\u001e'));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly name: string;
  readonly percent: number;
}

/** Self time of the newest profile in a folder, idling left out: by place in the code, and by function. */
export function summarise(folder: string): { places: Share[]; functions: Share[]; busySeconds: number } {
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`there is no profile in ${folder}`);
  const profile = JSON.parse(readFileSync(join(folder, newest), 'utf8')) as CpuProfile;
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    const micros = profile.timeDeltas[i] ?? 0;
    if (!frame || frame.functionName === '(idle)') continue;
    busy += micros;
    const place = placeOf(frame.url) || frame.functionName || '(native)';
    const name = `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    places.set(place, (places.get(place) ?? 0) + micros);
    functions.set(name, (functions.get(name) ?? 0) + micros);
  }
  const largest = (of: Map<string, number>, count: number): Share[] =>
    [...of]
      .sort((x, y) => y[1] - x[1])
      .slice(0, count)
      .map(([name, micros]) => ({ name, percent: Number(((100 * micros) / busy).toFixed(1)) }));
  return { places: largest(places, 20), functions: largest(functions, 30), busySeconds: busy / 1_000_000 };
}

/** A package's name, or the file of ours. */
function placeOf(url: string): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (inPackage) return inPackage[1] ?? '';
  return url.replace(/^.*\/out\/bench\//, '');
}

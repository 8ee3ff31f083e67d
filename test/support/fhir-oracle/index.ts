import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stackSettings } from '../../../src/stack/index.ts';

const run = promisify(execFile);
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const SOURCE = fileURLToPath(new URL('./Oracle.java', import.meta.url));

/** Jars and classes of the oracle in the cache of the stack, made when first asked for. */
async function oracleFolder(): Promise<string> {
  const { cache } = stackSettings();
  const digest = createHash('sha256').update(readFileSync(POM)).update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  const folder = join(cache, `oracle-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  // made beside its place and moved there whole, so that a run that was cut short leaves nothing half done
  const work = mkdtempSync(join(cache, 'oracle-work-'));
  const jars = join(work, 'jars');
  try {
    await run('mvn', ['-B', '-ntp', '-q', '-f', POM, `-Doracle.jars=${jars}`, 'package']);
    await run('javac', ['-nowarn', '-cp', join(jars, '*'), '-d', join(work, 'classes'), SOURCE]);
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/**
 * What the reference validator finds wrong with each resource, in their order: `place: fault`, nothing when it is
 * legal. One Java process for all of them. `profiles` is a folder of conformance resources; without it only the core
 * definitions count.
 */
export async function askOracle(
  resources: readonly string[],
  profiles: string | null,
): Promise<readonly (readonly string[])[]> {
  const folder = await oracleFolder();
  const work = mkdtempSync(join(tmpdir(), 'sluice-oracle-'));
  try {
    const file = join(work, 'resources.ndjson');
    // a line end inside JSON text can only be blank between its tokens
    writeFileSync(file, resources.map((text) => `${text.replaceAll(/[\r\n]/g, ' ')}\n`).join(''));
    const classes = `${join(folder, 'classes')}:${join(folder, 'jars', '*')}`;
    const given = [file, ...(profiles === null ? [] : [profiles])];
    const { stdout } = await run('java', ['-Xmx1500m', '-cp', classes, 'Oracle', ...given], {
      maxBuffer: 256 * 1024 * 1024,
    });
    const lines = stdout.trimEnd().split('\n');
    return lines.map((line) => (JSON.parse(line) as { errors: string[] }).errors);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

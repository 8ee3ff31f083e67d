import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../core/index.ts';

const MAVEN = fileURLToPath(new URL('./maven', import.meta.url));
const FHIR_SOURCE = fileURLToPath(new URL('./fhir-server/FhirServer.java', import.meta.url));

function version(command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, [...args], { encoding: 'utf8' });
  return run.error ? null : `${run.stdout}${run.stderr}`;
}

/** Throws CONFIG_INVALID naming the tool that is missing or too old. */
export function requireTools(): void {
  const java = version('java', ['-version']);
  if (java === null) throw missing('java', 'a JDK 17 or newer (Debian: openjdk-17-jdk-headless)');
  const major = Number(/version "(\d+)/.exec(java)?.[1] ?? '0');
  if (major < 17) throw missing(`java ${major}`, 'a JDK 17 or newer, for this one is too old');
  if (version('javac', ['-version']) === null)
    throw missing('javac', 'a JDK, not only a runtime (Debian: openjdk-17-jdk-headless)');
  if (version('mvn', ['-version']) === null) throw missing('mvn', 'Maven 3.8 or newer (Debian: maven)');
}

const missing = (tool: string, wanted: string): SluiceError =>
  new SluiceError('CONFIG_INVALID', `${tool} cannot be used: install ${wanted} and run this again`);

function digestOfPoms(): string {
  const hash = createHash('sha256');
  const poms = [
    join(MAVEN, 'pom.xml'),
    ...readdirSync(MAVEN)
      .sort()
      .map((name) => join(MAVEN, name, 'pom.xml')),
  ];
  for (const pom of [...poms, FHIR_SOURCE]) if (existsSync(pom)) hash.update(readFileSync(pom));
  return hash.digest('hex').slice(0, 12);
}

async function run(command: string, args: readonly string[], log: string, what: string): Promise<void> {
  const out = openSync(log, 'a');
  try {
    const child = spawn(command, [...args], { stdio: ['ignore', out, out] });
    const code = await new Promise<number | null>((done, fail) => {
      child.once('error', fail);
      child.once('exit', done);
    });
    if (code === 0) return;
    const said = readFileSync(log, 'utf8').split('\n');
    const reason = said.find((line) => line.includes('ERROR') && /Could not|not found|resolve|error:/.test(line));
    throw new SluiceError(
      'CONFIG_INVALID',
      `${what} failed${reason ? `: ${reason.slice(0, 300)}` : ''}; the whole log is ${log}`,
    );
  } finally {
    closeSync(out);
  }
}

/** The folder of resolved jars, made on first use: one Maven run, then what the jars alone do not bring. */
export async function resolveJars(cache: string, onWork: (what: string) => void): Promise<string> {
  const jars = join(cache, `jars-${digestOfPoms()}`);
  const marker = join(jars, 'complete');
  if (existsSync(marker)) return jars;
  requireTools();
  mkdirSync(jars, { recursive: true });
  const log = join(cache, 'resolve.log');
  rmSync(log, { force: true });
  onWork('fetching jars (once; about 600 MB when Maven has none of them)');
  await run(
    'mvn',
    ['-B', '-ntp', '-f', join(MAVEN, 'pom.xml'), `-Dsluice.jars=${jars}`, 'package'],
    log,
    'fetching the jars',
  );
  await assemblePlugins(jars, log);
  onWork('compiling the FHIR server');
  const classes = join(jars, 'fhir-classes');
  mkdirSync(classes, { recursive: true });
  await run(
    'javac',
    ['-nowarn', '-cp', join(jars, 'fhir', '*'), '-d', classes, FHIR_SOURCE],
    log,
    'compiling the FHIR server',
  );
  writeFileSync(marker, `${new Date().toISOString()}\n`);
  return jars;
}

/** Jars that Connect brings itself must not come twice, and the converter lacks the index by which Connect finds it. */
async function assemblePlugins(jars: string, log: string): Promise<void> {
  const plugin = join(jars, 'plugins', 'apicurio-converter');
  rmSync(plugin, { recursive: true, force: true });
  cpSync(join(jars, 'converter'), plugin, { recursive: true });
  for (const name of readdirSync(plugin)) {
    if (/^(connect-api|connect-json|kafka-clients|slf4j-api)-/.test(name)) rmSync(join(plugin, name));
  }
  const index = join(jars, 'converter-index');
  const services = join(index, 'META-INF', 'services');
  mkdirSync(services, { recursive: true });
  writeFileSync(
    join(services, 'org.apache.kafka.connect.storage.Converter'),
    'io.apicurio.registry.utils.converter.AvroConverter\nio.apicurio.registry.utils.converter.ExtJsonConverter\n',
  );
  await run('jar', ['cf', join(plugin, 'services-index.jar'), '-C', index, 'META-INF'], log, 'indexing the converter');
}

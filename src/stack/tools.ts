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
import { underLock } from './lock.ts';
import type { StackSettings } from './settings.ts';

const MAVEN = fileURLToPath(new URL('./maven', import.meta.url));
const FHIR_SOURCE = fileURLToPath(new URL('./fhir-server/FhirServer.java', import.meta.url));

type Environment = StackSettings['environment'];

function version(command: string, args: readonly string[], environment: Environment): string | null {
  const run = spawnSync(command, [...args], { encoding: 'utf8', env: { ...environment } });
  return run.error ? null : `${run.stdout}${run.stderr}`;
}

/** The words by which a JVM names itself. Throws CONFIG_INVALID when there is none or it is too old. */
function requireJava(environment: Environment): string {
  const java = version('java', ['-version'], environment);
  if (java === null) throw missing('java', 'a JDK 17 or newer (Debian: openjdk-17-jdk-headless)');
  const major = Number(/version "(\d+)/.exec(java)?.[1] ?? '0');
  if (major < 17) throw missing(`java ${major}`, 'a JDK 17 or newer, for this one is too old');
  return java;
}

/** Throws CONFIG_INVALID naming the tool that is missing. Only the first start on a machine needs them. */
function requireBuildTools(environment: Environment): void {
  if (version('javac', ['-version'], environment) === null)
    throw missing('javac', 'a JDK, not only a runtime (Debian: openjdk-17-jdk-headless)');
  if (version('mvn', ['-version'], environment) === null) throw missing('mvn', 'Maven 3.8 or newer (Debian: maven)');
}

const missing = (tool: string, wanted: string): SluiceError =>
  new SluiceError('CONFIG_INVALID', `${tool} cannot be used: install ${wanted} and run this again`);

function digestOfPoms(): string {
  // the number is of what is made of the jars here: raise it with that
  const hash = createHash('sha256').update('layout 2');
  const poms = [
    join(MAVEN, 'pom.xml'),
    ...readdirSync(MAVEN)
      .sort()
      .map((name) => join(MAVEN, name, 'pom.xml')),
  ];
  for (const pom of [...poms, FHIR_SOURCE]) if (existsSync(pom)) hash.update(readFileSync(pom));
  return hash.digest('hex').slice(0, 12);
}

/** Tools of one resolving: what they are started with, and the log they write. */
interface Workshop {
  readonly environment: Environment;
  readonly log: string;
}

async function run(shop: Workshop, command: string, args: readonly string[], what: string): Promise<void> {
  const out = openSync(shop.log, 'a');
  try {
    const child = spawn(command, [...args], { stdio: ['ignore', out, out], env: { ...shop.environment } });
    const code = await new Promise<number | null>((done, fail) => {
      child.once('error', fail);
      child.once('exit', done);
    });
    if (code === 0) return;
    const said = readFileSync(shop.log, 'utf8').split('\n');
    const reason = said.find((line) => line.includes('ERROR') && /Could not|not found|resolve|error:/.test(line));
    throw new SluiceError(
      'CONFIG_INVALID',
      `${what} failed${reason ? `: ${reason.slice(0, 300)}` : ''}; the whole log is ${shop.log}`,
    );
  } finally {
    closeSync(out);
  }
}

export interface Jars {
  readonly jars: string;
  /** the JVM's own words for itself: class archives are bound to it */
  readonly jvm: string;
}

/** The folder of resolved jars, made on first use: one Maven run, then what the jars alone do not bring. */
export async function resolveJars(settings: StackSettings, onWork: (what: string) => void): Promise<Jars> {
  const { cache, environment } = settings;
  const jvm = requireJava(environment);
  const jars = join(cache, `jars-${digestOfPoms()}`);
  const marker = join(jars, 'complete');
  if (existsSync(marker)) return { jars, jvm };
  requireBuildTools(environment);
  // two stacks that start on a new machine must not fill the folder at once
  await underLock(join(cache, 'resolve.lock'), async () => {
    if (existsSync(marker)) return;
    mkdirSync(jars, { recursive: true });
    const shop: Workshop = { environment, log: join(cache, 'resolve.log') };
    rmSync(shop.log, { force: true });
    onWork('fetching jars (once; about 600 MB when Maven has none of them)');
    const pom = join(MAVEN, 'pom.xml');
    await run(shop, 'mvn', ['-B', '-ntp', '-f', pom, `-Dsluice.jars=${jars}`, 'package'], 'fetching the jars');
    await assemblePlugins(jars, shop);
    onWork('compiling the FHIR server');
    await compileFhirServer(jars, shop);
    writeFileSync(marker, `${new Date().toISOString()}\n`);
  });
  return { jars, jvm };
}

/** As a jar, for a class archive cannot be made of a folder of classes. */
async function compileFhirServer(jars: string, shop: Workshop): Promise<void> {
  const classes = join(jars, 'fhir-classes');
  mkdirSync(classes, { recursive: true });
  const javac = ['-nowarn', '-cp', join(jars, 'fhir', '*'), '-d', classes, FHIR_SOURCE];
  await run(shop, 'javac', javac, 'compiling the FHIR server');
  await run(shop, 'jar', ['cf', join(jars, 'fhir-server.jar'), '-C', classes, '.'], 'packing the FHIR server');
}

/** Jars that Connect brings itself must not come twice, and the converter lacks the index by which Connect finds it. */
async function assemblePlugins(jars: string, shop: Workshop): Promise<void> {
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
  const packed = join(plugin, 'services-index.jar');
  await run(shop, 'jar', ['cf', packed, '-C', index, 'META-INF'], 'indexing the converter');
}

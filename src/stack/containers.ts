import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../core/index.ts';
import type { PartState, PartStatus, Provider } from './provider.ts';
import { PARTS, type PartName, PORTS, type StackSettings } from './settings.ts';

/** The one truth for images and ports; found from the sources and from the build alike. */
const COMPOSE_FILE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));

/** Whether a container engine answers, not only its client. */
export function hasEngine(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** What docker compose is called with for these settings. */
export function composeEnvironment(settings: StackSettings): Record<string, string> {
  const ports = Object.entries(PORTS).map(([name, [variable]]) => [
    variable,
    String(settings.ports[name as keyof typeof PORTS]),
  ]);
  return { ...Object.fromEntries(ports), SLUICE_PG_PASSWORD: settings.password };
}

async function compose(settings: StackSettings, args: readonly string[]): Promise<string> {
  const child = spawn('docker', ['compose', '-f', COMPOSE_FILE, '-p', 'sluice', ...args], {
    env: { ...settings.environment, ...composeEnvironment(settings) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('exit', done);
  });
  if (code !== 0)
    throw new SluiceError('CONFIG_INVALID', `docker compose ${args[0]} failed: ${err.trim().slice(-400)}`);
  return out;
}

interface ComposeService {
  readonly Service: string;
  readonly State: string;
  readonly Health?: string;
  readonly ExitCode?: number;
}

/** `docker compose ps --format json` prints one object a line, older ones one array. */
export function parseServices(text: string): readonly ComposeService[] {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line) => JSON.parse(line) as ComposeService | ComposeService[]);
}

export function stateOf(service: ComposeService | undefined, leftOut: boolean): PartState {
  if (!service) return leftOut ? 'left out' : 'stopped';
  if (service.State === 'running') {
    if (service.Health === 'unhealthy') return 'not answering';
    return service.Health === 'starting' ? 'starting' : 'running';
  }
  return service.State === 'exited' && service.ExitCode !== 0 ? 'dead' : 'stopped';
}

/** Parts as containers. */
export const containers: Provider = {
  async up(settings, options, say) {
    const wanted = PARTS.filter((part) => !settings.without.includes(part));
    const waited = options.waitForFhir ? wanted : wanted.filter((part) => part !== 'fhir');
    say('jars', 'working', 'pulling and starting containers');
    await compose(settings, ['up', '-d', '--wait', ...waited]);
    for (const part of waited) say(part, 'ready', '');
    if (waited.length < wanted.length) {
      await compose(settings, ['up', '-d', 'fhir']);
      say('fhir', 'starting', 'goes on by itself; `sluice stack status` tells when it is ready');
    }
  },

  async down(settings, options) {
    await compose(settings, ['down', ...(options.purge ? ['--volumes'] : [])]);
  },

  async status(settings): Promise<readonly PartStatus[]> {
    const services = parseServices(await compose(settings, ['ps', '--all', '--format', 'json']));
    return PARTS.map((part: PartName) => {
      const service = services.find((candidate) => candidate.Service === part);
      const state = stateOf(service, settings.without.includes(part));
      return {
        part,
        state,
        port: settings.ports[part],
        pid: null,
        since: null,
        rssMb: null,
        detail: service?.Health ?? '',
      };
    });
  },

  async logs(settings, part, options) {
    const args = [
      'compose',
      '-f',
      COMPOSE_FILE,
      '-p',
      'sluice',
      'logs',
      '--tail',
      String(options.lines),
      ...(options.follow ? ['-f'] : []),
      part,
    ];
    const child = spawn('docker', args, {
      stdio: 'inherit',
      env: { ...settings.environment, ...composeEnvironment(settings) },
    });
    await new Promise((done) => child.once('exit', done));
  },
};

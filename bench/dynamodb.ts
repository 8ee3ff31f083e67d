import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { dynamoDbArguments } from '../src/stack/parts.ts';
import type { StackSettings } from '../src/stack/settings.ts';
import { resolveJars } from '../src/stack/tools.ts';
import { until } from './place.ts';
import { cpuSeconds } from './usage.ts';

/** A DynamoDB Local of our own, empty and in memory: nobody else's disk or tables are in what is measured. */
export interface OwnDynamoDb {
  readonly url: string;
  /** of the server's process since its start */
  cpuSeconds(): number;
  close(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

export async function startDynamoDb(settings: StackSettings, say: (text: string) => void): Promise<OwnDynamoDb> {
  const { jars } = await resolveJars(settings, say);
  const port = await freePort();
  // what 50,000 services take does not fit the stack's 192 MB
  const child = spawn('java', dynamoDbArguments(jars, { port, store: 'memory', megabytes: 1024 }), {
    stdio: 'ignore',
    cwd: join(jars, 'dynamodb'),
    env: { ...settings.environment },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = (): void => void child.kill('SIGKILL');
  // however this process ends
  process.once('exit', end);
  const { pid } = child;
  if (pid === undefined) throw new Error('java cannot be started');
  const url = `http://127.0.0.1:${port}`;
  await until('DynamoDB Local', 60, () => answers(url));
  return {
    url,
    cpuSeconds: () => cpuSeconds(pid),
    async close() {
      process.removeListener('exit', end);
      end();
      await exited;
    },
  };
}

import { z } from 'zod';
import { SluiceError } from '../core/index.ts';
import { AwsRefusal, createAwsClient } from '../sinks/aws/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';

const SECRETS = { name: 'Secrets Manager', signedAs: 'secretsmanager', prefix: 'secretsmanager', json: '1.1' } as const;

const Login = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int().min(1).max(65_535).default(5432),
  username: z.string().min(1),
  password: z.string(),
  dbname: z.string().min(1),
});

/**
 * The address of a database from its secret: `/<project>/<environment>/<name>`, or the name as it is when it has a slash.
 * Throws CONFIG_INVALID where there is no such secret or it is no login, UNAUTHORISED, TARGET_UNAVAILABLE.
 */
export async function databaseFromSecret(config: Config, name: string): Promise<string> {
  const { secretsUrl, project } = config;
  const { region } = config.s3;
  const SecretId = name.includes('/') ? name : `/${project}/${config.dynamodb.environment}/${name}`;
  const url = secretsUrl ?? `https://secretsmanager.${region}.amazonaws.com`;
  const client = createAwsClient(SECRETS, {
    url,
    region,
    credentials: async () => config.awsKeys(),
    clock: systemClock,
  });
  const text = await client.call('GetSecretValue', { SecretId }).then(
    ({ SecretString }) => String(SecretString ?? ''),
    (error: unknown) => {
      if (!(error instanceof AwsRefusal)) throw error;
      throw new SluiceError('CONFIG_INVALID', `--secret: Secrets Manager answers ${error.kind}`);
    },
  );
  return addressOf(text);
}

function addressOf(text: string): string {
  const read = Login.safeParse(jsonOf(text));
  if (!read.success) {
    const members = read.error.issues.map(({ path }) => path.join('.') || 'the secret').join(', ');
    throw new SluiceError('CONFIG_INVALID', `--secret: no login of a database: ${members}`);
  }
  const { host, port, username, password, dbname } = read.data;
  const [user, word, name] = [username, password, dbname].map(encodeURIComponent);
  return `postgres://${user}:${word}@${host}:${port}/${name}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import type { Command } from 'commander';
import type { Config } from '../../app/config.ts';
import { readDosSource } from '../../app/dos/source-rows.ts';
import { databaseFromSecret } from '../../app/secrets.ts';
import { SluiceError } from '../../core/index.ts';
import { openSourceReader, type SourceReader } from '../../source/index.ts';

export interface SourceOptions {
  readonly dbUri?: string;
  readonly secret?: string | true;
}

const SECRET = 'replica-rds-credentials';

export const sourced = (command: Command): Command =>
  command
    .option('--db-uri <url>', 'the source database; else the secret, else SLUICE_DOS_URL, else the local stack')
    .option(
      '--secret [name]',
      `a secret of Secrets Manager with its login, /<project>/<environment>/${SECRET} unless named`,
    );

/** The address of the source database. It may hold a password: show it masked. */
export async function sourceAddress(config: Config, { dbUri, secret }: SourceOptions): Promise<string> {
  if (dbUri !== undefined && secret !== undefined)
    throw new SluiceError('CONFIG_INVALID', '--db-uri and --secret both name the source; give one');
  const url =
    dbUri ??
    (secret === undefined
      ? config.sourceUrl('dos')
      : await databaseFromSecret(config, secret === true ? SECRET : secret));
  if (!/^postgres(ql)?(\+\w+)?:\/\//.test(url) || !URL.canParse(url))
    throw new SluiceError('CONFIG_INVALID', '--db-uri: an address like postgres://user:password@host:5432/database');
  return url;
}

/** Opens the source for as long as `work` runs. */
export async function withSource<T>(
  url: string,
  connections: number,
  work: (source: ReturnType<typeof readDosSource>, reader: SourceReader) => Promise<T>,
): Promise<T> {
  const reader = openSourceReader(url, connections);
  try {
    return await work(readDosSource(reader), reader);
  } finally {
    await reader.close();
  }
}

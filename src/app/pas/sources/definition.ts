import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '../../../core/index.ts';
import { MOST_ROWS } from './connector.ts';

/** `${env:NAME}` or `${file:/path}`: where a secret is, never the secret. */
const secret = z
  .string()
  .regex(
    /^\$\{(env:[A-Z][A-Z0-9_]*|file:\/[^}]+)\}$/,
    'names an environment variable or a file, as docs/pas-stream.md shows',
  );

const common = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'up to 41 small letters, digits and dashes'),
  /** where V83 runs: words for people */
  system: z.string().min(1),
  schema: z.string().min(1),
  user: secret,
  password: secret,
  read_only: z.literal(true),
  rows: z.number().int().min(1).max(MOST_ROWS),
  seconds: z.number().int().min(1).max(3_600),
  /** names of tables there, by the names of the dictionary, where they differ */
  tables: z.record(z.string().regex(/^[A-Z][A-Z0-9]*$/), z.string().min(1)).default({}),
};

const noSecret = z.string().refine((text) => !/(password|pwd)\s*=|:\/\/[^/]*:[^/]*@/i.test(text), 'holds a password');

const Definition = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('odbc'), driver: z.string().min(1), connection: noSecret, ...common }),
  z.strictObject({
    kind: z.literal('jdbc'),
    driver: z.string().min(1),
    url: noSecret.refine((text) => text.startsWith('jdbc:'), 'begins with jdbc:'),
    ...common,
  }),
]);

export type SourceDefinition = z.infer<typeof Definition>;

/**
 * A source that is reached by ODBC or JDBC, declared for whoever makes the extract. It is checked and described, not
 * opened: Sluice carries no such drivers. @throws CONFIG_INVALID naming the member that does not fit, never its value
 */
export function readDefinition(path: string): SourceDefinition {
  if (!existsSync(path)) throw new SluiceError('CONFIG_INVALID', `--definition: there is no file ${path}`);
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch {
    throw new SluiceError('CONFIG_INVALID', `${path} cannot be read as YAML`);
  }
  const parsed = Definition.safeParse(content);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`);
  throw new SluiceError('CONFIG_INVALID', `${path}: ${issues.join('; ')}`);
}

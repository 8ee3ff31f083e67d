import { randomUUID } from 'node:crypto';
import { type JsonObject, SluiceError } from '../../core/index.ts';
import type { Answer, FhirClient } from './client.ts';
import { REVISION_URL, revisionOf, withRevision } from './revision.ts';
import { refused } from './stored.ts';

/** How this server is asked to write only what is not there, and whether its transactions keep the guards. */
export interface ServerGuards {
  readonly createForm: 'if-match-0' | 'if-none-match';
  readonly transactions: boolean;
}

const ok = ({ status }: Answer): boolean => status === 200 || status === 201;
const conflict = ({ status }: Answer): boolean => status === 409 || status === 412;

const CREATE_HEADERS = {
  'if-match-0': { 'if-match': 'W/"0"' },
  'if-none-match': { 'if-none-match': '*' },
} as const;

/**
 * Tries every guard on a scratch resource of its own. A server that lets one unguarded write through is refused:
 * a late writer could undo newer data there and nobody would see it.
 */
export async function probeGuards(client: FhirClient): Promise<ServerGuards> {
  const id = `sluice-probe-${randomUUID().slice(0, 18)}`;
  const createForm = await findCreateForm(client, id);
  const put = (text: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    client.send({ method: 'PUT', path: `Basic/${id}`, headers, body: scratch(id, text) });
  const content = async (): Promise<string | null> => {
    const answer = await client.send({ method: 'GET', path: `Basic/${id}` });
    if (!ok(answer) || answer.body === null) throw refused(answer.status);
    if (revisionOf(answer.body) === null) throw missing('it does not keep extensions');
    return contentOf(answer.body);
  };

  if (!conflict(await put('second', CREATE_HEADERS[createForm])) || (await content()) !== 'first')
    throw missing('a create-only write replaced a resource');
  const changed = await put('third', { 'if-match': 'W/"1"' });
  if (!ok(changed)) throw missing('a write with the current version was refused');
  if (!conflict(await put('fourth', { 'if-match': 'W/"1"' })) || (await content()) !== 'third')
    throw missing('a write with an old version replaced a resource');
  return { createForm, transactions: await transactionsGuarded(client, id, createForm) };
}

async function findCreateForm(client: FhirClient, id: string): Promise<ServerGuards['createForm']> {
  for (const form of ['if-match-0', 'if-none-match'] as const) {
    const answer = await client.send({
      method: 'PUT',
      path: `Basic/${id}`,
      headers: CREATE_HEADERS[form],
      body: scratch(id, 'first'),
    });
    if (ok(answer)) return form;
    if (answer.status === 401 || answer.status === 403 || answer.status >= 500 || answer.status === 429)
      throw refused(answer.status);
  }
  throw missing('it knows no create-only write');
}

async function transactionsGuarded(client: FhirClient, id: string, form: ServerGuards['createForm']): Promise<boolean> {
  const other = `${id}-b`;
  const answer = await client.send({
    method: 'POST',
    path: '',
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        entry(id, 'fifth', { ifMatch: 'W/"1"' }),
        entry(other, 'first', form === 'if-match-0' ? { ifMatch: 'W/"0"' } : { ifNoneMatch: '*' }),
      ],
    },
  });
  if (!conflict(answer)) return false;
  return (await client.send({ method: 'GET', path: `Basic/${other}` })).status === 404;
}

const entry = (id: string, text: string, guard: JsonObject): JsonObject => ({
  resource: scratch(id, text),
  request: { method: 'PUT', url: `Basic/${id}`, ...guard },
});

const scratch = (id: string, text: string): JsonObject =>
  withRevision({ resourceType: 'Basic', code: { text } }, id, 1n);

const contentOf = (resource: JsonObject): string | null => {
  const text = (resource.code as JsonObject | undefined)?.text;
  return typeof text === 'string' ? text : null;
};

const missing = (what: string): SluiceError =>
  new SluiceError('SERVER_GUARD_MISSING', `the FHIR server is not safe to write to: ${what}`, {
    context: { extension: REVISION_URL },
  });

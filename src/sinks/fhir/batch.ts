import type { Clock, Delivery, DeliveryOutcome, Json, JsonObject, Log } from '../../core/index.ts';
import { SluiceError } from '../../core/index.ts';
import { type Answer, bareEtag, type FhirClient } from './client.ts';
import { byTypeAndId, typeOf } from './order.ts';
import { namesMissingReference, redactOutcome } from './outcome.ts';
import type { ServerGuards } from './probe.ts';
import { isPlaceholder, revisionOf, withPipeline, withRevision } from './revision.ts';
import { readStored, type Stored } from './stored.ts';

/** A delivery on its way, with the version of the resource it may replace. */
export interface Sending {
  readonly delivery: Delivery;
  readonly content: JsonObject;
  /** null: it may only be created */
  etag: string | null;
}

export interface BatchContext {
  readonly client: FhirClient;
  readonly guards: ServerGuards;
  readonly clock: Clock;
  readonly log: Log;
  readonly pipeline: string;
}

const ROUNDS = 8;
const UNANSWERED_TRIES = 3;

export type Settle = (delivery: Delivery, outcome: DeliveryOutcome) => void;

/**
 * Sends some deliveries so that each is decided on its own. Every write names the version it replaces; after a
 * conflict the stored revision decides. A request without an answer is repeated unchanged: it lands once or conflicts.
 */
export async function sendBatch(context: BatchContext, sendings: readonly Sending[], settle: Settle): Promise<void> {
  let open = [...sendings].sort((a, b) => byTypeAndId(a.delivery, b.delivery));
  if (!context.guards.transactions && open.length > 1) {
    for (const one of open) await sendBatch(context, [one], settle);
    return;
  }
  for (let round = 0; open.length > 0; round += 1) {
    const answer = await ask(context, open);
    if (answer === null) return settleAll(open, settle, retry('TARGET_UNAVAILABLE', 1_000, false));
    if (answer.status === 200 || answer.status === 201) return accept(context, open, answer, settle);
    if (answer.status === 401 || answer.status === 403)
      throw new SluiceError('UNAUTHORISED', `the FHIR server answers ${answer.status}`);
    if (answer.status === 429 || answer.status === 503)
      return settleAll(open, settle, retry('TARGET_BUSY', answer.retryAfterMs ?? 2_000, true));
    if (answer.status >= 500) return settleAll(open, settle, retry('TARGET_UNAVAILABLE', 2_000, false));
    if (answer.status !== 409 && answer.status !== 412 && answer.status !== 304)
      return refuse(context, open, answer, settle);
    if (round >= ROUNDS) return settleAll(open, settle, retry('TARGET_BUSY', 1_000, false));
    open = await reread(context, open, settle);
    if (round > 0 && open.length > 0) await context.clock.sleep(50 * 2 ** round * (0.5 + Math.random()));
  }
}

async function ask(context: BatchContext, open: readonly Sending[]): Promise<Answer | null> {
  const [only] = open;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await context.client.send(
        open.length === 1 && only ? single(context, only) : transaction(context, open),
      );
      // 500 and its like may come after the commit, too: the same guarded request tells
      if (answer.status < 500 || answer.status === 503 || attempt >= UNANSWERED_TRIES) return answer;
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'TARGET_UNAVAILABLE') throw error;
      if (attempt >= UNANSWERED_TRIES) return null;
    }
    await context.clock.sleep(100 * 4 ** attempt);
  }
}

const single = ({ guards, pipeline }: BatchContext, { delivery, content, etag }: Sending) => ({
  method: 'PUT' as const,
  path: `${typeOf(delivery.target)}/${delivery.id}`,
  headers:
    etag !== null
      ? { 'if-match': `W/"${etag}"` }
      : guards.createForm === 'if-match-0'
        ? { 'if-match': 'W/"0"' }
        : { 'if-none-match': '*' },
  body: withPipeline(withRevision(content, delivery.id, delivery.revision), pipeline),
});

const transaction = (context: BatchContext, open: readonly Sending[]) => ({
  method: 'POST' as const,
  path: '',
  body: {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: open.map((sending): Json => {
      const { path, headers, body } = single(context, sending);
      const guard = headers['if-match'] ? { ifMatch: headers['if-match'] } : { ifNoneMatch: '*' };
      return { resource: body, request: { method: 'PUT', url: path, ...guard } };
    }),
  },
});

function accept(context: BatchContext, open: readonly Sending[], answer: Answer, settle: Settle): void {
  const entries = open.length === 1 ? [] : ((answer.body?.entry ?? []) as readonly JsonObject[]);
  for (const [i, { delivery, etag }] of open.entries()) {
    const response = entries[i]?.response as JsonObject | undefined;
    const named = open.length === 1 ? answer.etag : typeof response?.etag === 'string' ? bareEtag(response.etag) : null;
    const created = open.length === 1 ? answer.status === 201 : String(response?.status ?? '').startsWith('201');
    if (created && etag !== null)
      context.log.warn('the server had lost a resource and made it anew', { target: delivery.target });
    settle(delivery, { kind: 'applied', etag: named });
  }
}

async function refuse(context: BatchContext, open: readonly Sending[], answer: Answer, settle: Settle): Promise<void> {
  const [only] = open;
  if (open.length === 1 && only) {
    return settle(
      only.delivery,
      namesMissingReference(answer.body)
        ? { kind: 'waiting', code: 'PARENT_MISSING' }
        : { kind: 'park', code: 'TARGET_REFUSED', detail: redactOutcome(answer.status, answer.body) },
    );
  }
  // one of them is bad; halving finds it without holding up the others
  const middle = Math.ceil(open.length / 2);
  await sendBatch(context, open.slice(0, middle), settle);
  await sendBatch(context, open.slice(middle), settle);
}

/** What is stored decides: newer or equal ends the delivery, older goes on with the version just read. */
async function reread(context: BatchContext, open: readonly Sending[], settle: Settle): Promise<Sending[]> {
  const stored = new Map<string, Stored>();
  for (const type of new Set(open.map(({ delivery }) => typeOf(delivery.target)))) {
    const ids = open.filter(({ delivery }) => typeOf(delivery.target) === type).map(({ delivery }) => delivery.id);
    for (const [id, found] of await readStored(context.client, type, ids, 'extension'))
      stored.set(`${type}/${id}`, found);
  }
  return open.filter((sending) => {
    const { delivery } = sending;
    const found = stored.get(`${typeOf(delivery.target)}/${delivery.id}`) ?? 'absent';
    if (found === 'absent') {
      sending.etag = null;
      return true;
    }
    const revision = found === 'deleted' ? null : revisionOf(found.resource);
    if (found === 'deleted' || (revision === null && !isPlaceholder(found.resource))) {
      const why = found === 'deleted' ? 'deleted' : 'no revision';
      settle(delivery, { kind: 'park', code: 'FOREIGN_WRITER', detail: { why } });
      return false;
    }
    if (revision !== null && revision >= delivery.revision) {
      settle(delivery, { kind: revision === delivery.revision ? 'applied' : 'superseded', etag: found.etag });
      return false;
    }
    sending.etag = found.etag;
    return true;
  });
}

const retry = (code: string, afterMs: number, slowDown: boolean): DeliveryOutcome => ({
  kind: 'retry',
  code,
  afterMs,
  slowDown,
});

function settleAll(open: readonly Sending[], settle: Settle, outcome: DeliveryOutcome): void {
  for (const { delivery } of open) settle(delivery, outcome);
}

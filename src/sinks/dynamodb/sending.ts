import type { Clock, Delivery, DeliveryOutcome, DynamoDbTarget, JsonObject } from '../../core/index.ts';
import { marshalled } from './attributes.ts';
import type { DynamoDbClient } from './client.ts';
import { itemOf, REVISION, readable, revisionOf, type Stamp } from './item.ts';
import { guardedPut, putTogether, REFUSED, SLOW_DOWN } from './transaction.ts';

/** A delivery on its way, with the item it is to replace as we last saw it. */
export interface Sending {
  readonly delivery: Delivery;
  readonly target: DynamoDbTarget;
  /** null: it may only be created */
  stored: JsonObject | null;
}

/**
 * An entry that goes into the transaction of the write it tells of, so that there is one for each write that happened
 * and none for any other. Its item must be new. null: this write is not told of.
 */
export type Journal = (
  target: DynamoDbTarget,
  before: JsonObject | null,
  after: JsonObject | null,
) => { readonly target: DynamoDbTarget; readonly content: JsonObject } | null;

export interface SendingContext {
  readonly client: DynamoDbClient;
  readonly clock: Clock;
  readonly tableName: (target: DynamoDbTarget) => string;
  readonly stamp: Stamp;
  readonly journal: Journal;
  readonly adopt: boolean;
}

export type Settle = (delivery: Delivery, outcome: DeliveryOutcome) => void;

const ROUNDS = 8;

/**
 * Writes some items all or none. Each write names the revision it replaces, so that a lost race shows at the server,
 * with the item that won: then that one's revision decides, and what is left goes on against it.
 */
export async function sendTogether(context: SendingContext, sendings: readonly Sending[], settle: Settle) {
  let open = sendings;
  for (let round = 0; ; round += 1) {
    const decided = open.map((sending) => decide(context, sending));
    const parked = decided.find((outcome) => outcome?.kind === 'park');
    if (parked) return parkAll(open, decided, settle);
    for (const [i, { delivery }] of open.entries()) if (decided[i]) settle(delivery, decided[i]);
    open = open.filter((_, i) => decided[i] === null);
    if (open.length === 0) return;
    if (round >= ROUNDS) return settleAll(open, settle, retry('TARGET_BUSY', 500, false));
    if (round > 1) await context.clock.sleep(10 * 2 ** round * (0.5 + Math.random()));

    const reasons = await attempt(context, open);
    if (reasons === 'unanswered') return settleAll(open, settle, retry('TARGET_UNAVAILABLE', 1_000, false));
    if (reasons === 'written') {
      for (const { delivery } of open) settle(delivery, { kind: 'applied', etag: String(delivery.revision) });
      return;
    }
    if (reasons.some(({ kind }) => SLOW_DOWN.test(kind)))
      return settleAll(open, settle, retry('TARGET_BUSY', 1_000, true));
    if (reasons.some(({ kind }) => REFUSED.test(kind))) {
      // an entry of the journal that is refused keeps back what it tells of
      const refused = reasons.map(({ kind }) => (REFUSED.test(kind) ? park('TARGET_REFUSED', { kind }) : null));
      const told = refused.slice(open.length).find((outcome) => outcome !== null);
      return parkAll(open, told ? open.map((_, i) => refused[i] ?? told) : refused, settle);
    }
    for (const [i, { kind, item }] of reasons.entries()) {
      const sending = open[i];
      if (sending && kind === 'ConditionalCheckFailed') sending.stored = item;
    }
  }
}

/** What is stored decides: newer or equal ends the delivery, older lets it go on. null: it goes on. */
function decide({ adopt }: SendingContext, { delivery, target, stored }: Sending): DeliveryOutcome | null {
  if (stored === null) return null;
  const revision = revisionOf(stored);
  if (revision === null) return adopt ? null : park('FOREIGN_WRITER', { why: 'no revision' });
  const etag = String(revision);
  if (revision === delivery.revision) return { kind: 'applied', etag };
  if (revision > delivery.revision || target.mode === 'append') return { kind: 'superseded', etag };
  return null;
}

/** Reasons are those of the writes in their order, then those of the journal's entries. */
function attempt(context: SendingContext, open: readonly Sending[]) {
  const made = open.map((sending) => putOf(context, sending));
  const entries = made.flatMap(({ entry }) => (entry === null ? [] : [entry]));
  return putTogether(context.client, [...made.map(({ put }) => put), ...entries]);
}

/** A write under its guard, and the entry that tells of it. */
function putOf(
  context: SendingContext,
  { delivery, target, stored }: Sending,
): { readonly put: JsonObject; readonly entry: JsonObject | null } {
  const { item, plain } = itemOf(target, delivery, stored, context.stamp);
  const seen = stored === null ? null : { revision: revisionOf(stored) };
  const put = guardedPut(context.tableName(target), target, item, seen);
  const told = context.journal(target, readable(stored), plain);
  if (told === null) return { put, entry: null };
  const entry = { ...marshalled(told.content), [REVISION]: { N: String(delivery.revision) } };
  return { put, entry: guardedPut(context.tableName(told.target), told.target, entry, null) };
}

const retry = (code: string, afterMs: number, slowDown: boolean): DeliveryOutcome => ({
  kind: 'retry',
  code,
  afterMs,
  slowDown,
});

export const park = (code: string, detail: JsonObject): DeliveryOutcome => ({ kind: 'park', code, detail });

function settleAll(open: readonly Sending[], settle: Settle, outcome: DeliveryOutcome): void {
  for (const { delivery } of open) settle(delivery, outcome);
}

/** Of what is written all or none, one that can never be written keeps the others with it. */
function parkAll(open: readonly Sending[], outcomes: readonly (DeliveryOutcome | null)[], settle: Settle): void {
  const bad = outcomes.findIndex((outcome) => outcome?.kind === 'park');
  const code = outcomes[bad];
  for (const [i, { delivery }] of open.entries()) {
    const own = outcomes[i];
    const because = park(code?.kind === 'park' ? code.code : 'TARGET_REFUSED', {
      because: open[bad]?.delivery.target ?? '',
    });
    settle(delivery, own ?? because);
  }
}

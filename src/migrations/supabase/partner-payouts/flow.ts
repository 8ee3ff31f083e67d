import type { Aggregate, Derivation, Document, Flow, JsonObject, RecordedChange } from '../../../core/index.ts';
import { readRow } from '../columns.ts';
import { changedId, entryOf } from '../entries.ts';
import { Findings } from '../issues.ts';
import type { Names } from '../names.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { looksLikeEmail, said } from '../text.ts';
import { PARTNER_PAYOUT, type PartnerPayoutRow } from './row.ts';

/** Money as it stands, and an entry for each correction of it. Amounts are text from end to end, never numbers. */
export const partnerPayoutsFlow = (names: Names): Flow => ({
  name: 'partner_payouts',
  root: { table: 'public.partner_payouts' },
  parts: [],
  targets: [
    { kind: 'postgres', name: 'finance.payout', key: ['id'], mode: 'state' },
    { kind: 'postgres', name: 'finance.payout_adjustment', key: ['payout_id', 'entry'], mode: 'append' },
  ],
  transform: (aggregate) => transformPayout(names, aggregate),
  history: (change) => adjustments(names, change),
});

const payoutId = (names: Names, legacyId: string): string => names.uuid(`payout|${legacyId}`);

const transformPayout = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(PARTNER_PAYOUT, 'partner_payouts', aggregate, (row, landed) => {
    const columns: JsonObject = {
      occurred_on: row.occurred_on,
      amount: row.amount,
      // the source has no column for it: the clinic pays in pounds
      currency: 'GBP',
      partner_email: row.partner_email,
      notes: row.notes,
    };
    const found = new Findings();
    const email = said(row.partner_email);
    found.add(
      email !== null && !looksLikeEmail(email),
      'warning',
      'EMAIL_ODD',
      'partner_email',
      'not an e-mail address; kept',
    );
    const id = payoutId(names, row.id);
    return {
      documents: [ownRow(names, { target: 'finance.payout', id, row, landed, columns })],
      issues: found.all,
    };
  });

/** What was booked otherwise than before, or taken back. A payout's first word is no correction. */
function adjustments(names: Names, change: RecordedChange): readonly Document[] {
  const legacyId = changedId(change);
  const now = readRow(PARTNER_PAYOUT, change.after);
  const before = change.before && readRow(PARTNER_PAYOUT, change.before);
  if (legacyId === null || now === null || !before) return [];
  const isDeleted = change.op === 'd';
  if (!isDeleted && before.amount === now.amount && before.occurred_on === now.occurred_on) return [];
  const after: PartnerPayoutRow | null = isDeleted ? null : now;
  const columns = {
    kind: isDeleted ? 'deletion' : 'correction',
    amount_before: before.amount,
    amount_after: after?.amount ?? null,
    difference: pounds(pence(after?.amount ?? '0.00') - pence(before.amount)),
    occurred_on_before: before.occurred_on,
    occurred_on_after: after?.occurred_on ?? null,
  };
  return [entryOf(names, change, 'finance.payout_adjustment', ['payout_id', payoutId(names, legacyId)], columns)];
}

const pence = (amount: string): bigint => BigInt(amount.replace('.', ''));

function pounds(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(3, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

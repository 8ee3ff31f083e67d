import { uuid5 } from '../../core/index.ts';
import { type Chance, chanceOf } from '../chance.ts';
import { CLINICIANS, FIRST_NAMES, SURNAMES } from './names.ts';
import type { PartnerLabel, PartnerStock, PartnerTemperature, RowSet } from './rows.ts';
import { REHEARSAL_NAMESPACE, staffEmail, staffId } from './staff.ts';
import { DAY_MS, instant } from './submission.ts';
import { makeTask } from './visits.ts';

/** Item, unit, lowest and highest storage temperature. */
const STOCK: readonly (readonly [string, string, string | null, string | null])[] = [
  ['Peanut SPT solution', 'vial', '2.00', '8.00'],
  ['Egg white SPT solution', 'vial', '2.00', '8.00'],
  ['Cow’s milk SPT solution', 'vial', '2.00', '8.00'],
  ['House dust mite SPT solution', 'vial', '2.00', '8.00'],
  ['Histamine control 10 mg/ml', 'vial', '2.00', '8.00'],
  ['Saline control', 'vial', null, null],
  ['Lancets 1 mm', 'box of 200', null, null],
  ['Adrenaline auto-injector 150 µg', 'pen', '5.00', '25.00'],
  ['Adrenaline auto-injector 300 µg', 'pen', '5.00', '25.00'],
  ['Cetirizine oral solution', 'bottle', null, '30.00'],
  ['Salbutamol inhaler & spacer', 'set', '-5.50', '30.00'],
  ['Serum sample kits', 'kit', '15.00', '15.00'],
];
const STORES = ['Fridge 1', 'Fridge 2', 'Cupboard B', 'fridge 1 '] as const;

const stockId = (item: string): string => uuid5(REHEARSAL_NAMESPACE, `stock|${item}`);

function stock(chance: Chance, baseMs: number): PartnerStock[] {
  return STOCK.map(([item, unit, low, high], i) => {
    const quantity = i === 5 ? 0 : chance.below(120);
    return {
      id: stockId(item),
      item_name: item,
      quantity,
      unit,
      status: quantity < 15 ? 'Restock soon' : 'Healthy',
      updated_at: instant(chance, baseMs - chance.below(30 * DAY_MS)),
      lot_number: chance.yes(0.8) ? `LOT${chance.between(1000, 9999)}` : null,
      expiry_date: chance.yes(0.8)
        ? new Date(baseMs + chance.between(-60, 700) * DAY_MS).toISOString().slice(0, 10)
        : null,
      manufacturer: chance.pick(['Allerprep Ltd', 'Nordpen A/S', null]),
      storage_location: chance.pick(STORES),
      min_temp: low,
      max_temp: high,
    };
  });
}

export function makeTemperature(chance: Chance, baseMs: number): PartnerTemperature {
  const [item, , low, high] = chance.pick(STOCK);
  const tenths = chance.weighted([
    [chance.between(2000, 8000), 90],
    [chance.between(-5000, 31_000), 8],
    // a broken probe: the column takes it
    [chance.pick([-300_000, 999_999, -127_000]), 1],
  ]);
  const degrees = (tenths / 1000).toFixed(3);
  const out = (low !== null && Number(degrees) < Number(low)) || (high !== null && Number(degrees) > Number(high));
  const at = baseMs - chance.below(120 * DAY_MS);
  const flagged = out || chance.yes(0.01);
  return {
    id: chance.uuid(),
    stock_id: chance.yes(0.85) ? stockId(item) : null,
    storage_location: chance.pick(STORES),
    recorded_at: instant(chance, at),
    temperature_c: degrees,
    is_excursion: flagged,
    excursion_reason: flagged && chance.yes(0.8) ? `Reading ${degrees} °C outside limits` : null,
    resolved_at: flagged && chance.yes(0.5) ? instant(chance, at + chance.below(DAY_MS)) : null,
    notes: chance.yes(0.1) ? chance.pick(['door left open', '', 'defrost cycle']) : null,
    created_at: instant(chance, at + 1000),
  };
}

export function makeLabel(chance: Chance, code: string, baseMs: number): PartnerLabel {
  const created = baseMs - chance.below(60 * DAY_MS);
  return {
    id: chance.uuid(),
    label_code: code,
    patient_name: `${chance.pick(FIRST_NAMES)} ${chance.pick(SURNAMES)}`,
    request_type: chance.pick(['Blood tube', 'Challenge tray', 'SPT tray', 'Urine pot']),
    priority: chance.weighted<string>([
      ['normal', 78],
      ['high', 20],
      ['HIGH!', 2],
    ]),
    created_at: instant(chance, created),
    printed_at: chance.yes(0.7) ? instant(chance, created + chance.below(3600_000)) : null,
  };
}

/** Amounts from nothing to the most the column holds. */
export function makePayout(chance: Chance, baseMs: number): NonNullable<RowSet['public.partner_payouts']>[number] {
  const pence = chance.weighted([
    [String(chance.between(500, 95_000)), 97],
    ['000', 1],
    ['999999999999', 1],
  ]);
  return {
    id: chance.uuid(),
    occurred_on: new Date(baseMs - chance.below(400) * DAY_MS).toISOString().slice(0, 10),
    amount: `${pence.slice(0, -2)}.${pence.slice(-2)}`,
    partner_email: chance.yes(0.9) ? `${chance.pick(CLINICIANS)}@example.org` : null,
    notes: chance.yes(0.3) ? chance.pick(['locum session', '', 'correction of last month']) : null,
  };
}

const CHECKIN_STATUSES = [
  ['Waiting', 40],
  ['Vitals complete', 20],
  ['Roomed', 20],
  ['ready', 18],
  ['gone home', 2],
] as const;

/** The tables that grow little, and the staff others refer to. Each list only grows with `submissions`. */
export function partnerRows(seed: bigint, submissions: number, baseMs: number): RowSet {
  const list = <T>(name: string, length: number, make: (chance: Chance, i: number) => T): T[] =>
    Array.from({ length: Math.floor(length) }, (_, i) => make(chanceOf(seed, name, i), i));
  return {
    'auth.users': CLINICIANS.map((name) => ({ id: staffId(name), email: staffEmail(name) })),
    'public.clinician_emails': CLINICIANS.map((name, i) => ({
      email: staffEmail(name),
      role: i === 0 ? 'admin' : 'clinician',
    })),
    'public.partner_stock_levels': stock(chanceOf(seed, 'stock'), baseMs),
    'public.partner_checkins': list('checkin', Math.min(60, 6 + submissions / 200), (chance, i) => {
      const name = `${FIRST_NAMES[(i * 7) % FIRST_NAMES.length]} ${SURNAMES[(i * 11) % SURNAMES.length]}`;
      const arrived = baseMs - chance.below(10 * 3600_000);
      const status = chance.weighted<string>(CHECKIN_STATUSES);
      return {
        id: uuid5(REHEARSAL_NAMESPACE, `checkin|${name}`),
        patient_name: name,
        status,
        arrived_at: instant(chance, arrived),
        updated_at: instant(chance, arrived + chance.below(3600_000)),
        ready_at: status === 'ready' ? instant(chance, arrived + 1800_000) : null,
      };
    }),
    'public.partner_label_queue': list('label', Math.min(2000, 12 + submissions / 40), (chance, i) =>
      makeLabel(chance, `RX-${2000 + i}`, baseMs),
    ),
    'public.partner_payouts': list('payout', 24 + submissions / 100, (chance) => makePayout(chance, baseMs)),
    'public.partner_temperature_logs': list('temperature', 60 + submissions / 20, (chance) =>
      makeTemperature(chance, baseMs),
    ),
    // tasks of the whole clinic, without a submission: the open ones never collide
    'public.compliance_tasks': list('clinic-task', 8, (chance) => makeTask(chance, null, 'equipment_check', baseMs)),
  };
}

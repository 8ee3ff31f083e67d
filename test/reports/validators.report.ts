import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../src/core/index.ts';
import { BLOCK, makeBlock } from '../../src/rehearsal/supabase/generator.ts';
import { partnerRows } from '../../src/rehearsal/supabase/partners.ts';
import type { RowSet, TableName } from '../../src/rehearsal/supabase/rows.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import { FHIR_TABLES, Story } from '../migrations/supabase-story.ts';
import { askOracle } from '../support/fhir-oracle/index.ts';
import { mutations } from '../support/mutations.ts';
import { writeTable } from '../support/report.ts';

const UK_CORE = '../shared/supabase/ukcore';
const profiles = existsSync(UK_CORE) ? UK_CORE : null;

/** Rows of each table whose bundles are asked about. */
const ROWS = 300;
const SEED = 20_261_122n;
/** at most; plans are the rarest rows */
const BLOCKS = 250;
const MUTATIONS = 150;
/** rows of each table whose resources are changed */
const MUTATED_ROWS = 8;
const MUTATION_SEED = 4_711;
const COMMAND = 'npm run report:validators';

interface Seeded {
  readonly table: string;
  readonly bundle: JsonObject;
}

/** The bundles of the first rows of each table, of a source in which every third row has something odd in it. */
function bundlesOf(rowsEach: number): {
  readonly bundles: readonly Seeded[];
  readonly resources: readonly JsonObject[];
} {
  const story = new Story();
  const bundles: Seeded[] = [];
  const plan = { seed: SEED, rows: BLOCKS * BLOCK, dirty: 0.33, base: '2026-11-01T08:00:00.000Z' };
  const made = (table: string): number => bundles.filter((one) => one.table === table).length;
  const tell = (rows: Partial<RowSet>): void => {
    for (const table of FHIR_TABLES)
      for (const row of rows[`public.${table}` as TableName] ?? []) {
        const n = made(table);
        // forms are told as long as others need them: what hangs on one comes in its block
        if (n >= rowsEach && table !== 'submissions' && table !== 'partner_stock_levels') continue;
        const step = story.tell(table, 'c', row as unknown as Image);
        if (n < rowsEach) bundles.push(...step.bundles.map(({ facts, bundle }) => ({ table: facts.table, bundle })));
      }
  };
  // one reading comes with about fourteen forms
  tell(partnerRows(plan.seed, 16 * rowsEach, Date.parse(plan.base)));
  const isEnough = (): boolean => FHIR_TABLES.slice(0, 6).every((table) => made(table) >= rowsEach);
  for (let block = 0; !isEnough() && block < BLOCKS; block += 1) tell(makeBlock(plan, block).rows);
  // what the seed makes false on purpose: contacts that are no list are no row of the declaration
  expect(story.troubles().filter((one) => !/guardian_contacts$|no row of this patient fits/.test(one))).toEqual([]);
  const resources = [...story.session.model.documents()]
    .filter(([target]) => target.startsWith('fhir.'))
    .flatMap(([, held]) => [...held.values()].slice(0, 20).map(({ content }) => content));
  return { bundles, resources };
}

/** A profile that is claimed and not at hand is an error, so without profiles none is claimed. */
const textOf = (one: JsonObject, claims: boolean): string =>
  JSON.stringify(one, (key, value) => (key === 'profile' && !claims ? undefined : value));

describe('the reference validator', () => {
  test(`finds no fault with the bundles of ${ROWS} seeded rows a table, UK Core loaded`, {
    timeout: 3_600_000,
  }, async () => {
    const { bundles } = bundlesOf(ROWS);
    const tables = FHIR_TABLES.filter((table) => table !== 'partner_stock_levels');
    const rows = tables.map((table) => [table, bundles.filter((one) => one.table === table)] as const);
    // before a quarter of an hour of Java
    for (const [table, list] of rows) expect(list.length, table).toBeGreaterThanOrEqual(ROWS);
    const started = Date.now();
    const answers = await askOracle(
      bundles.map(({ bundle }) => textOf(bundle, profiles !== null)),
      profiles,
    );
    const faults = new Map<string, readonly string[]>(
      tables.map((table) => [table, answers.flatMap((one, n) => (bundles[n]?.table === table ? one : []))]),
    );
    const entries = (bundle: JsonObject): number => (bundle['entry'] as readonly unknown[]).length;
    writeTable(
      'fhir-bundles',
      'Bundles of seeded rows, by the reference validator',
      ['table', 'bundles', 'resources in them', 'errors of the reference', 'faults of ours'],
      rows.map(([table, list]) => [
        table,
        String(list.length),
        String(list.reduce((sum, { bundle }) => sum + entries(bundle), 0)),
        String(faults.get(table)?.length ?? 0),
        String(list.flatMap(({ bundle }) => validateResource(bundle)).length),
      ]),
      [
        `Seed ${SEED}; HAPI's validator ${profiles === null ? 'without profiles: they were not at hand' : 'with UK Core'}, in ` +
          `${Math.round((Date.now() - started) / 1000)} s.`,
      ],
      COMMAND,
    );
    expect([...faults.values()].flat().slice(0, 10)).toEqual([]);
  });

  test(`and ours, over ${MUTATIONS} random mutations: what ours misses is listed`, { timeout: 1_200_000 }, async () => {
    const { resources } = bundlesOf(MUTATED_ROWS);
    // profiles are no business of ours, so none is claimed
    const plain = resources.map((one) => JSON.parse(textOf(one, false)) as JsonObject);
    const made = mutations(plain, MUTATIONS, MUTATION_SEED);
    const answers = await askOracle(
      made.map(({ resource }) => JSON.stringify(resource)),
      null,
    );
    const judged = made.map(({ resource, did }, n) => {
      const theirs = answers[n] ?? ['no answer'];
      return { did, theirs, ours: validateResource(resource) };
    });
    const [wrong, right] = [
      judged.filter(({ theirs }) => theirs.length > 0),
      judged.filter(({ theirs }) => theirs.length === 0),
    ];
    const missed = wrong.filter(({ ours }) => ours.length === 0);
    const alarms = right.filter(({ ours }) => ours.length > 0);
    const kindOf = (fault: string | undefined): string => (fault ?? '').replace(/'[^']*'/g, "'…'").slice(0, 120);
    writeTable(
      'fhir-mutations',
      'Random mutations of valid resources: the in-process validator beside the reference',
      ['mutation', 'which', 'what the reference says', 'what ours says'],
      [
        ...missed.map(({ did, theirs }) => [did, 'missed', kindOf(theirs[0]), '']),
        ...alarms.map(({ did, ours }) => [did, 'false alarm', '', `${ours[0]?.path}: ${ours[0]?.rule}`]),
      ],
      [
        `Seed ${MUTATION_SEED}. Of ${made.length}, the reference refuses ${wrong.length}: ours refuses ${wrong.length - missed.length} of ` +
          `these and misses ${missed.length}. Of the ${right.length} that are still legal ours refuses ${alarms.length}.`,
      ],
      COMMAND,
    );
    expect(wrong.length).toBeGreaterThan(MUTATIONS / 2);
    expect(missed.length).toBeLessThanOrEqual(wrong.length / 20);
    expect(alarms.length).toBeLessThanOrEqual(right.length / 20);
  });
});

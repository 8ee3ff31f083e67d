import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../src/core/index.ts';
import { BLOCK, makeBlock } from '../../src/rehearsal/supabase/generator.ts';
import { partnerRows } from '../../src/rehearsal/supabase/partners.ts';
import type { RowSet, TableName } from '../../src/rehearsal/supabase/rows.ts';
import { askOracle } from '../support/fhir-oracle/index.ts';
import { ODD_TABLES, oddRows } from './supabase-odd-rows.ts';
import { FHIR_TABLES, Story } from './supabase-story.ts';

const shared = '../shared/supabase';
const folder = `${shared}/ukcore`;
// without the profiles of UK Core the core definitions alone are asked for
const profiles = existsSync(folder) ? folder : null;
const KINDS = [
  'Appointment',
  'AuditEvent',
  'Bundle',
  'CarePlan',
  'Consent',
  'DiagnosticReport',
  'DocumentReference',
  'Location',
  'Observation',
  'Patient',
  'Provenance',
  'QuestionnaireResponse',
  'RelatedPerson',
  'ServiceRequest',
  'Task',
];
/** Resources and bundles of seeded rows, most of them with something false in them, living and then deleted. */
function seeded(submissions: number): readonly JsonObject[] {
  const story = new Story();
  const made: JsonObject[] = [];
  const plan = { seed: 11n, rows: submissions, dirty: 0.5, base: '2026-11-01T08:00:00.000Z' };
  const blocks = Array.from({ length: Math.ceil(submissions / BLOCK) }, (_, block) => makeBlock(plan, block).rows);
  for (const rows of [...blocks, partnerRows(plan.seed, submissions, Date.parse(plan.base))] as RowSet[]) {
    for (const table of FHIR_TABLES) {
      for (const [n, row] of (rows[`public.${table}` as TableName] ?? []).entries()) {
        made.push(...tell(story, table, row as unknown as Image, n % 10 === 0));
      }
    }
  }
  expect(story.troubles()).toEqual([]);
  return [...made, ...resourcesOf(story)];
}

function tell(story: Story, table: string, row: Image, withDelete: boolean): readonly JsonObject[] {
  const steps = [story.tell(table, 'c', row), ...(withDelete ? [story.tell(table, 'd', row)] : [])];
  // every tenth bundle: they hold the same resources once more
  return withDelete ? steps.flatMap((step) => step.bundles.map(({ bundle }) => bundle)) : [];
}

/** All resources of state; of papers, which differ in little but ids, each sixth. */
const resourcesOf = (story: Story): readonly JsonObject[] =>
  [...story.session.model.documents()]
    .filter(([target]) => target.startsWith('fhir.'))
    .flatMap(([target, held]) => {
      const contents = [...held.values()].map(({ content }) => content);
      const isPaper = target === 'fhir.Provenance' || target === 'fhir.AuditEvent';
      return isPaper ? contents.filter((_, n) => n % 6 === 0) : contents;
    });

function odd(): readonly JsonObject[] {
  return fc.sample(oddRows, { seed: 5, numRuns: 40 }).flatMap((rows) => {
    const story = new Story();
    for (const [name, table] of Object.entries(ODD_TABLES)) story.tell(table, 'c', rows[name as keyof typeof rows]);
    return resourcesOf(story);
  });
}

interface Given {
  readonly event: { readonly ts: string };
  readonly source_row: Image;
  readonly lookups?: { readonly submission?: Image; readonly stock?: Image };
}

const EXAMPLES = FHIR_TABLES.filter((table) => table !== 'partner_stock_levels');

function examples(): readonly JsonObject[] {
  return EXAMPLES.map((table) => {
    const text = readFileSync(`${shared}/examples/${table}.json`, 'utf8');
    const { event, source_row: row, lookups } = JSON.parse(text) as Given;
    const story = new Story();
    if (lookups?.submission) story.form(lookups.submission);
    if (lookups?.stock) story.tell('partner_stock_levels', 'c', lookups.stock);
    return story.tell(table, 'c', row, event.ts).bundles[0]?.bundle ?? {};
  });
}

const isHere = existsSync('../shared');
const planted = isHere
  ? (JSON.parse(readFileSync(`${shared}/fhir-faults/index.json`, 'utf8')) as { f: string; valid: boolean }[])
  : [];
const made = [...seeded(100), ...odd()];
const told = isHere ? examples() : [];

/** A profile that is claimed and not at hand is an error, so without profiles none is claimed. */
const textOf = (one: JsonObject): string =>
  JSON.stringify(one, (key, value) => (key === 'profile' && profiles === null ? undefined : value));

/** What it answered to each, by their texts: all are asked in one go, for its start takes longer than the questions. */
const answers = new Map<string, readonly string[]>();
const plantedText = ({ f }: { f: string }): string => readFileSync(`${shared}/fhir-faults/cases/${f}`, 'utf8');

beforeAll(async () => {
  const texts = [...new Set([...[...made, ...told].map(textOf), ...planted.map(plantedText)])];
  const found = await askOracle(texts, profiles);
  for (const [at, text] of texts.entries()) answers.set(text, found[at] ?? ['no answer']);
}, 400_000);

/** The first faults, with the resources they are in. */
const faultsOf = (resources: readonly JsonObject[]): readonly string[] =>
  resources
    .map(textOf)
    .flatMap((text) => (answers.get(text) ?? ['not asked']).map((fault) => `${fault} IN ${text}`))
    .slice(0, 10);

describe('the reference validator', () => {
  test('finds no fault with what seeded and odd rows become', () => {
    expect(new Set(made.map((one) => one.resourceType))).toEqual(new Set(KINDS));
    expect(faultsOf(made)).toEqual([]);
  });

  describe.skipIf(!isHere)('with what the work order brings', () => {
    test('finds no fault with our bundles of its examples', () => {
      expect(told.map((bundle) => bundle.resourceType)).toEqual(EXAMPLES.map(() => 'Bundle'));
      expect(faultsOf(told)).toEqual([]);
    });

    test('refuses each planted fault, and nothing that is legal', () => {
      const found = planted.map((one) => ({ f: one.f, valid: answers.get(plantedText(one))?.length === 0 }));
      expect(found).toEqual(planted.map(({ f, valid }) => ({ f, valid })));
    });
  });
});

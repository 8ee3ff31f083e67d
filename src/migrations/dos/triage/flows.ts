import type { Aggregate, Derivation, DeriveContext, Flow, Issue } from '../../../core/index.ts';
import { readRow } from '../columns.ts';
import { etl, type Note } from '../notes.ts';
import { ROWS } from '../rows.ts';
import { rowsOf } from '../services/source.ts';
import { CODED, part, SCHEMA } from '../tables.ts';
import { TABLE_TARGETS } from '../targets.ts';
import { combinationItem, discriminatorItem, dispositionItem, groupItem } from './items.ts';

/** Codes that are gone at the source keep the items they have, as the reference does. */
const NOTHING: Derivation = { documents: [], issues: [] };

const targets = [TABLE_TARGETS.triageCode];

const symptomGroups: Flow = {
  name: 'symptom_groups',
  root: { table: `${SCHEMA}.symptomgroups` },
  parts: [part('links', 'symptomgroupsymptomdiscriminators', 'group')],
  targets,
  transform(aggregate, { asOf }) {
    const { root } = aggregate;
    if (root === null || root.deleted) return NOTHING;
    const group = readRow('symptomgroups', ROWS.symptomgroups, root.image);
    const links = rowsOf(aggregate, 'links', 'symptomgroupsymptomdiscriminators');
    const documents = [groupItem(group, asOf)];
    if (links.length > 0) return { documents, issues: [] };
    return { documents, issues: [WITHOUT_DISCRIMINATORS], notes: [etl('012', { sg_id: group.id })] };
  },
};

const symptomDiscriminators: Flow = {
  name: 'symptom_discriminators',
  root: { table: `${SCHEMA}.symptomdiscriminators` },
  parts: [part('synonyms', 'symptomdiscriminatorsynonyms', 'discriminator')],
  targets,
  transform(aggregate, { asOf }) {
    const { root } = aggregate;
    if (root === null || root.deleted) return NOTHING;
    const row = readRow('symptomdiscriminators', ROWS.symptomdiscriminators, root.image);
    const synonyms = rowsOf(aggregate, 'synonyms', 'symptomdiscriminatorsynonyms').map(({ name }) => name);
    return { documents: [discriminatorItem(row, synonyms, asOf)], issues: [] };
  },
};

/** Dispositions by their code: of two rows with one code the later one tells what it is. */
const dispositions: Flow = {
  name: 'dispositions',
  root: { group: 'code' },
  parts: [part('members', 'dispositions', 'code')],
  targets,
  transform(aggregate, { asOf }) {
    const row = rowsOf(aggregate, 'members', 'dispositions').at(-1);
    if (row === undefined) return NOTHING;
    if (!aggregate.key.startsWith(CODED)) return { documents: [], issues: [CODELESS], notes: LEFT_OUT };
    return { documents: [dispositionItem(row, aggregate.key.slice(CODED.length), asOf)], issues: [] };
  },
};

/** Which discriminators go with a symptom group. */
const combinations: Flow = {
  name: 'symptom_combinations',
  root: { group: 'group' },
  parts: [
    part('links', 'symptomgroupsymptomdiscriminators', 'group'),
    part('groups', 'symptomgroups', 'key'),
    part('discriminators', 'symptomdiscriminators', 'key', { part: 'links', link: 'discriminator' }),
  ],
  targets,
  transform: deriveCombinations,
  // who has no discriminators any more keeps an empty list
  retire: (_target, last) => ({ ...last, combinations: [] }),
};

/** The codes of triage, each kind by itself: a row that does not fit is parked and the others go on. */
export const TRIAGE_FLOWS: readonly Flow[] = [symptomGroups, symptomDiscriminators, dispositions, combinations];

function deriveCombinations(aggregate: Aggregate, { asOf }: DeriveContext): Derivation {
  const links = rowsOf(aggregate, 'links', 'symptomgroupsymptomdiscriminators');
  if (links.length === 0) return NOTHING;
  const [group] = rowsOf(aggregate, 'groups', 'symptomgroups');
  if (group === undefined) return { documents: [], issues: [GROUP_MISSING], notes: LEFT_OUT };
  const known = new Map(rowsOf(aggregate, 'discriminators', 'symptomdiscriminators').map((row) => [row.id, row]));
  const found = links.flatMap(({ symptomdiscriminatorid }) => known.get(symptomdiscriminatorid) ?? []);
  const documents = found.length === 0 ? [] : [combinationItem(group, found, asOf)];
  if (found.length === links.length) return { documents, issues: [] };
  return { documents, issues: [DISCRIMINATOR_MISSING], notes: LEFT_OUT };
}

/** One bad row is no reason to stop: the reference's own word for it. */
const LEFT_OUT: readonly Note[] = [etl('008', { error: 'metadata_missing' })];

const WITHOUT_DISCRIMINATORS: Issue = {
  code: 'DM_ETL_012',
  severity: 'warning',
  path: 'symptomgroupsymptomdiscriminators',
  text: 'the symptom group has no discriminators; no combinations are written',
};

const GROUP_MISSING: Issue = {
  code: 'DM_ETL_008',
  severity: 'error',
  path: 'symptomgroupsymptomdiscriminators.symptomgroupid',
  text: 'there is no such symptom group; its combinations are left out',
};

const DISCRIMINATOR_MISSING: Issue = {
  code: 'DM_ETL_008',
  severity: 'error',
  path: 'symptomgroupsymptomdiscriminators.symptomdiscriminatorid',
  text: 'there is no such discriminator; this combination is left out',
};

const CODELESS: Issue = {
  code: 'DM_ETL_008',
  severity: 'error',
  path: 'dispositions.dxcode',
  text: 'a disposition without a code cannot be stored; left out',
};

import type { Catalogue, SourceField } from '../catalogue/model.ts';
import type { Report } from './finding.ts';
import type { ColumnRef, Condition, Contract, Feed, Join, ParentLink, TablePlan } from './model.ts';
import { rowsOfFeed } from './rows-of-feed.ts';

/** Tables, keys, joins, parents and load order of every plan against the catalogues. */
export function checkPlans(contract: Contract, catalogue: Catalogue, report: Report): void {
  for (const table of catalogue.targetFields.keys())
    if (!contract.plans.has(table)) report('TABLE_NOT_PLANNED', table, '', 'has no plan');
  for (const plan of contract.plans.values()) {
    if (!catalogue.targetFields.has(plan.table)) report('TABLE_UNKNOWN', plan.table, '', 'is no target table');
    checkIdentities(plan, report);
    for (const feed of plan.feeds) checkFeed(plan, feed, contract, catalogue, report);
    checkEdges(plan, catalogue, report);
  }
  const { merges, patients } = contract;
  const owner = patients === null ? undefined : contract.plans.get(patients);
  if (patients !== null && owner?.feeds.length !== 1)
    report('PARENT_UNKNOWN', patients, '', 'patients: is no target table with one feed');
  for (const plan of contract.plans.values())
    if (owner && plan.order < owner.order && plan.domain !== 'REFERENCE')
      report('LOAD_ORDER', plan.table, '', `is loaded before the patients of ${owner.table}`);
  for (const column of [merges.from, merges.into])
    if (!catalogue.sourceFields.get(merges.table)?.has(column))
      report('COLUMN_UNKNOWN', '', '', `merges: ${merges.table}.${column} is not in the source catalogue`);
}

function checkIdentities(plan: TablePlan, report: Report): void {
  const names = new Set<string>();
  const lengths = new Map<string, number>();
  for (const { name, identity, key } of plan.feeds) {
    if (names.has(name)) report('IDENTITY_CLASH', plan.table, '', `feed ${name} is there twice`);
    names.add(name);
    const length = lengths.get(identity);
    if (length !== undefined && length !== key.length)
      report('IDENTITY_CLASH', plan.table, '', `feeds of identity ${identity} have keys of different lengths`);
    lengths.set(identity, key.length);
  }
}

function checkFeed(plan: TablePlan, feed: Feed, contract: Contract, catalogue: Catalogue, report: Report): void {
  const { table } = plan;
  const say: Report = (kind, _table, field, message) => report(kind, table, field, `feed ${feed.name}: ${message}`);
  const driver = catalogue.sourceTables.get(feed.driver);
  if (!driver) {
    say('DRIVER_UNKNOWN', table, '', `driver ${feed.driver} is not in the source catalogue`);
    return;
  }

  const rows = new Map([['driver', feed.driver]]);
  if (feed.fold) rows.set('last', feed.driver);
  const own = (columns: readonly string[], what: string): void => {
    for (const column of columns) known({ row: 'driver', field: column }, what);
  };
  const known = (ref: ColumnRef, what: string): void => {
    const from = rows.get(ref.row);
    if (from === undefined)
      say('ROW_UNKNOWN', table, '', `${what} reads ${ref.row}.${ref.field}; no join before it is called ${ref.row}`);
    else if (!catalogue.sourceFields.get(from)?.has(ref.field))
      say('COLUMN_UNKNOWN', table, '', `${what} reads ${from}.${ref.field}, which is not in the source catalogue`);
  };
  const conditions = (list: readonly Condition[], what: string): void => {
    for (const condition of list) {
      known(condition.column, what);
      if (condition.test === 'differs') known(condition.other, what);
    }
  };

  own(feed.key, 'key');
  if (feed.patient !== null) own([feed.patient], 'patient');
  if (feed.fold) own([...feed.fold.within, ...feed.fold.same, ...feed.fold.order], 'fold');
  const first = feed.fold?.order[0];
  if (first !== undefined && !puts(catalogue.sourceFields.get(feed.driver)?.get(first)))
    say('ORDER_UNFIT', table, '', `fold: ${feed.driver}.${first} is neither a number nor a moment`);
  const told = new Set(feed.key);
  const lost = driver.key.filter((column) => !told.has(column));
  if (driver.key.length === 0) say('KEY_INCOMPLETE', table, '', `the key of ${feed.driver} is not known`);
  else if (lost.length > 0 && !feed.fold)
    say('KEY_INCOMPLETE', table, '', `rows of ${feed.driver} differ in ${lost.join(', ')}, which is not in the key`);

  for (const join of feed.joins) {
    const about = `join ${join.name}`;
    checkJoin(join, catalogue, say);
    for (const { left } of join.on) known(left, about);
    if (join.pick.kind === 'as-of' || join.pick.kind === 'next') known(join.pick.at, about);
    if (rows.has(join.name)) say('IDENTITY_CLASH', table, '', `${about} is there twice`);
    rows.set(join.name, join.table);
    conditions(join.where, about);
  }
  conditions(feed.where, 'where');
  for (const link of feed.parents) {
    for (const ref of link.key) known(ref, `link ${link.field}`);
    conditions(link.where, `link ${link.field}`);
    checkLink(plan, link, contract, catalogue, say);
  }
}

/** Whether rows can be put in order by a column: as text, 10 comes before 2. A column that is not there is found elsewhere. */
const puts = (field: SourceField | undefined): boolean =>
  field === undefined || ['integer', 'decimal', 'date', 'datetime'].includes(field.type);

function checkJoin(join: Join, catalogue: Catalogue, say: Report): void {
  const joined = catalogue.sourceTables.get(join.table);
  const columns = catalogue.sourceFields.get(join.table);
  if (!joined || !columns) {
    say('COLUMN_UNKNOWN', '', '', `join ${join.name}: ${join.table} is not in the source catalogue`);
    return;
  }
  const order = 'order' in join.pick ? join.pick.order : [];
  for (const column of [...join.on.map(({ right }) => right), ...order])
    if (!columns.has(column))
      say('COLUMN_UNKNOWN', '', '', `join ${join.name}: ${join.table}.${column} is not in the source catalogue`);
  if (order[0] !== undefined && !puts(columns.get(order[0])))
    say('ORDER_UNFIT', '', '', `join ${join.name}: ${join.table}.${order[0]} is neither a number nor a moment`);
  if (join.on.length === 0) say('JOIN_MAY_MATCH_SEVERAL', '', '', `join ${join.name} compares nothing`);
  const by = new Set(join.on.map(({ right }) => right));
  const open = joined.key.filter((column) => !by.has(column));
  if (join.pick.kind === 'only' && (open.length > 0 || joined.key.length === 0))
    say(
      'JOIN_MAY_MATCH_SEVERAL',
      '',
      '',
      `join ${join.name} may match several rows of ${join.table}, which differ in ${open.join(', ') || 'nothing known'}: say which is meant`,
    );
}

function checkLink(plan: TablePlan, link: ParentLink, contract: Contract, catalogue: Catalogue, say: Report): void {
  const { field } = link;
  const edge = catalogue.edges.find(({ child, field }) => child === plan.table && field === link.field);
  if (!edge || edge.parent !== link.parent) {
    say('EDGE_UNKNOWN', '', field, `${field} is no foreign key to ${link.parent} in the target catalogue`);
    return;
  }
  const parent = contract.plans.get(link.parent);
  const feed = parent?.feeds.find(({ identity }) => identity === link.identity);
  if (!parent || !feed) {
    say('PARENT_UNKNOWN', '', field, `${link.parent} has no feed of identity ${link.identity}`);
    return;
  }
  if (feed.key.length !== link.key.length)
    say(
      'PARENT_KEY_WRONG',
      '',
      field,
      `gives ${link.key.length} columns, the key of ${link.parent} has ${feed.key.length}`,
    );
  if (parent.order >= plan.order) say('LOAD_ORDER', '', field, `${link.parent} must be loaded before ${plan.table}`);
}

/** Every foreign key is linked by some feed; a mandatory one by all. */
function checkEdges(plan: TablePlan, catalogue: Catalogue, report: Report): void {
  for (const { child, field, parent } of catalogue.edges) {
    if (child !== plan.table) continue;
    const without = plan.feeds.filter((feed) => !feed.parents.some((link) => link.field === field));
    const mandatory = catalogue.targetFields.get(child)?.get(field)?.mandatory === true;
    if (without.length === plan.feeds.length)
      report('EDGE_MISSING', child, field, `no feed says how its ${parent} is found`);
    else if (mandatory && without.length > 0)
      report(
        'EDGE_MISSING',
        child,
        field,
        `feed ${without.map(({ name }) => name).join(', ')} does not say how its ${parent} is found`,
      );
    for (const feed of plan.feeds)
      for (const link of feed.parents)
        if (link.field === field && mandatory && !link.required)
          report(
            'MANDATORY_UNGUARDED',
            child,
            field,
            `feed ${feed.name} links a mandatory foreign key that may stay blank`,
          );
  }
}

/** The source tables a contract reads, each with how it is used. */
export function tablesRead(contract: Contract): Map<string, 'driver' | 'join' | 'master'> {
  const tables = new Map<string, 'driver' | 'join' | 'master'>();
  for (const crosswalk of contract.crosswalks.values())
    if (crosswalk.kind === 'master') tables.set(crosswalk.table, 'master');
  for (const plan of contract.plans.values())
    for (const feed of plan.feeds) for (const table of rowsOfFeed(feed).values()) tables.set(table, 'join');
  tables.set(contract.merges.table, 'join');
  for (const plan of contract.plans.values()) for (const { driver } of plan.feeds) tables.set(driver, 'driver');
  return tables;
}

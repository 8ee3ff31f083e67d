import { type Aggregate, type Derivation, type Flow, type LandedRow, SluiceError } from '../../core/index.ts';
import { said } from './text.ts';
import { instantOf } from './time.ts';

interface NamedGroup {
  readonly flow: string;
  readonly link: string;
  readonly table: string;
  /** source column that holds the name */
  readonly column: string;
  readonly target: string;
  readonly idOf: (normalised: string) => string;
  /** target column for the normalised name, where there is one */
  readonly normalisedColumn?: string;
}

/** Rooms and laboratories: a text the source repeats on each row becomes a row of its own, one for each spelling group. */
export const namedGroupFlow = (group: NamedGroup): Flow => ({
  name: group.flow,
  root: { group: group.link },
  parts: [{ name: 'rows', table: group.table, link: group.link, from: { part: 'root', link: 'key' } }],
  targets: [{ kind: 'postgres', name: group.target, key: ['id'], mode: 'state' }],
  transform: (aggregate) => transformGroup(group, aggregate),
});

function transformGroup(group: NamedGroup, aggregate: Aggregate): Derivation {
  const rows = [...(aggregate.parts['rows'] ?? [])].sort(oldestFirst);
  const first = rows[0];
  if (!first) return { documents: [], issues: [] };
  const spelled = first.image[group.column];
  const name = typeof spelled === 'string' ? said(spelled) : null;
  if (name === null) throw new SluiceError('ROW_INVALID', `${group.table}: these columns do not fit: ${group.column}`);
  const id = group.idOf(aggregate.key);
  const normalised = group.normalisedColumn === undefined ? {} : { [group.normalisedColumn]: aggregate.key };
  return { documents: [{ target: group.target, id, content: { id, ...normalised, name } }], issues: [] };
}

/** The first row's spelling is kept, so that a name does not change with every row that writes it otherwise. */
function oldestFirst(x: LandedRow, y: LandedRow): number {
  const [a, b] = [instantOf(x.image['created_at']) ?? '', instantOf(y.image['created_at']) ?? ''];
  return a < b ? -1 : a > b ? 1 : x.key < y.key ? -1 : 1;
}

import {
  type ChangeEvent,
  type DocumentRef,
  type Image,
  type Issue,
  type JsonObject,
  type Migration,
  SluiceError,
} from '../../core/index.ts';
import { BundleRenderer, type ChangeFacts, type MigrationOptions, migrationNamed } from '../../migrations/index.ts';
import { createModel, type Derived, type Model, type RootTrouble } from '../../pipeline/in-memory/index.ts';

/** One line of a rows file. */
export interface PreviewEvent {
  readonly table: string;
  readonly op: 'c' | 'u' | 'd' | 'r';
  readonly row: Image;
  readonly lsn: string;
  readonly ts: string;
  readonly correlationId: string | null;
}

/** An issue, with the number of the event after which it was first seen. */
export interface PreviewIssue extends Issue {
  readonly event: number;
  readonly flow: string;
  readonly root: string;
}

export interface PreviewBundle {
  readonly event: number;
  readonly facts: ChangeFacts;
  readonly bundle: JsonObject;
}

export interface PreviewStep {
  readonly bundles: readonly PreviewBundle[];
  readonly issues: readonly PreviewIssue[];
}

interface Pending {
  readonly facts: ChangeFacts;
  readonly image: Image;
}

/** Lands, derives and renders one event after the other, through the transformers of the live pipeline. */
export class PreviewSession {
  readonly model: Model;
  readonly #migration: Migration;
  readonly #renderer: BundleRenderer;
  readonly #pending = new Map<string, Pending>();
  readonly #seen = new Map<string, ReadonlySet<string>>();
  #events = 0;
  #asOf = '0001-01-01T00:00:00.000000Z';

  constructor(name: string, options: MigrationOptions = {}) {
    const migration = migrationNamed(name, options);
    if (!migration) throw new SluiceError('CONFIG_INVALID', `there is no migration '${name}'`);
    this.#migration = migration;
    this.model = createModel(migration);
    this.#renderer = new BundleRenderer(options);
  }

  step(event: PreviewEvent): PreviewStep {
    this.#events += 1;
    const table = this.#migration.tables.find((one) => one.name === `public.${event.table}`);
    if (!table) return { bundles: [], issues: [this.#unknownTable(event.table)] };
    const key = keyText(table.key, event.row);
    if (Date.parse(event.ts) > Date.parse(this.#asOf)) this.#asOf = event.ts;
    // what time alone has changed since the last event belongs to no event
    this.model.derive(this.#asOf);
    const facts: ChangeFacts = {
      table: event.table,
      key,
      op: event.op,
      lsn: event.lsn,
      at: event.ts,
      correlationId: event.correlationId ?? this.#renderer.correlation(event.table, key, event.lsn),
    };
    this.model.apply(this.#change(table.name, facts, event));
    const derived = this.model.derive(this.#asOf);
    const name = `${event.table}\u001f${key}`;
    // a newer change of a row that still waits takes its place, at the end
    this.#pending.delete(name);
    this.#pending.set(name, { facts, image: event.row });
    return { bundles: this.#bundles(derived, name), issues: this.#issues(derived) };
  }

  #change(table: string, { key, op, lsn, correlationId }: ChangeFacts, event: PreviewEvent): ChangeEvent {
    // the gateway's id travels in the row, as it would if the source had a column for it
    const image = event.correlationId === null ? event.row : { ...event.row, correlation_id: correlationId };
    const place = BigInt(this.#events);
    return {
      kind: 'change',
      table,
      key,
      op,
      after: op === 'd' ? null : image,
      before: op === 'd' ? event.row : null,
      unsent: [],
      position: { epoch: 1, phase: 1, a: place, b: BigInt(lsn), txId: place, offset: place },
      sourceTime: event.ts,
      origin: null,
    };
  }

  /** The bundles of earlier events that waited for this one, then its own. */
  #bundles(derived: Derived, current: string): readonly PreviewBundle[] {
    const ready = [...this.#pending].filter(([, { facts }]) => !this.model.troubleOf(facts.table, facts.key));
    const isLate = (name: string): boolean => name !== current;
    const late = new Set(ready.filter(([name]) => isLate(name)).flatMap(([, one]) => this.#ownChanges(one, derived)));
    const bundles: PreviewBundle[] = [];
    for (const [name, { facts, image }] of ready) {
      const changed = isLate(name)
        ? this.#ownChanges({ facts, image }, derived)
        : derived.changed.filter((ref) => !late.has(ref));
      const bundle = this.#renderer.render({ facts, image, changed, find: (ref) => this.model.document(ref) });
      if (bundle) bundles.push({ event: this.#events, facts, bundle });
      // without a bundle it waits for another root, unless it changed nothing there is a bundle for
      if (bundle || !this.#renderer.mayFollow(facts.table)) this.#pending.delete(name);
    }
    return bundles;
  }

  #ownChanges({ facts }: Pending, derived: Derived): readonly DocumentRef[] {
    return derived.changed.filter((ref) => {
      const owner = this.model.ownerOf(ref);
      return owner?.flow === facts.table && owner.root === facts.key;
    });
  }

  #issues(derived: Derived): readonly PreviewIssue[] {
    const issues: PreviewIssue[] = [];
    for (const { flow, root } of derived.roots) {
      const found: Issue[] = [...this.model.issuesOf(flow, root)];
      const trouble = this.model.troubleOf(flow, root);
      if (trouble) found.push(issueOf(trouble));
      const before = this.#seen.get(`${flow}\u001f${root}`);
      const names = new Set(found.map((issue) => `${issue.code}\u001f${issue.path}`));
      for (const issue of found) {
        if (!before?.has(`${issue.code}\u001f${issue.path}`))
          issues.push({ event: this.#events, flow, root, ...issue });
      }
      this.#seen.set(`${flow}\u001f${root}`, names);
    }
    return issues;
  }

  #unknownTable(table: string): PreviewIssue {
    const text = 'no flow of this migration reads this table';
    return { event: this.#events, flow: '', root: '', code: 'TABLE_NOT_MIGRATED', severity: 'info', path: table, text };
  }
}

const issueOf = (trouble: RootTrouble): Issue =>
  trouble.state === 'waiting'
    ? {
        code: 'WAITING',
        severity: 'info',
        path: '',
        text: `waits for ${trouble.reason}; its bundle comes with the event that brings it`,
      }
    : { code: trouble.code ?? 'TRANSFORM_FAILED', severity: 'error', path: '', text: trouble.reason };

/** Canonical text of a row's key. */
function keyText(columns: readonly string[], row: Image): string {
  const values = columns.map((column) => row[column] ?? null);
  return values.length === 1 ? String(values[0]) : JSON.stringify(values);
}

import {
  type ChangeEvent,
  contentHash,
  type Derivation,
  type Document,
  type DocumentRef,
  type ErrorCode,
  type Flow,
  type Issue,
  type Migration,
  type Note,
  SluiceError,
} from '../../core/index.ts';
import { numbered, numberName } from '../fill-numbers.ts';
import { allRoots, readAggregate, rootsTouched } from './joins.ts';
import { LandedRows } from './landed-rows.ts';

interface Held {
  readonly document: Document;
  readonly flow: string;
  readonly root: string;
  /** no longer produced: kept in its last form where the target is remote */
  readonly gone: boolean;
}

export interface RootIssue {
  readonly flow: string;
  readonly root: string;
  readonly issue: Issue;
}

export interface RootTrouble {
  readonly flow: string;
  readonly root: string;
  readonly state: 'waiting' | 'parked';
  /** the part or the documents it waits for, or why it is parked */
  readonly reason: string;
  readonly code: ErrorCode | null;
}

/** What one `derive` did. */
export interface Derived {
  readonly roots: readonly { readonly flow: string; readonly root: string }[];
  /** documents written, appended or retired */
  readonly changed: readonly DocumentRef[];
}

const nameOf = (ref: DocumentRef): string => `${ref.target}\u001f${ref.id}`;
const at = (flow: string, root: string): string => `${flow}\u001f${root}`;

/**
 * Land and derive over a migration, held in memory, one root at a time: the meaning of the pipeline without its means.
 * The real one must come to the same documents, whatever the order of tables, batches and crashes.
 */
export class Model {
  readonly #migration: Migration;
  readonly #rows: LandedRows;
  readonly #held = new Map<string, Held>();
  readonly #owned = new Map<string, Set<string>>();
  readonly #dirty = new Map<string, Set<string>>();
  readonly #timers = new Map<string, { flow: Flow; root: string; wakeAt: string }>();
  readonly #issues = new Map<string, readonly RootIssue[]>();
  readonly #notes = new Map<string, readonly Note[]>();
  readonly #troubles = new Map<string, RootTrouble>();
  readonly #needy = new Map<string, { flow: Flow; root: string }>();
  readonly #rendered = new Map<string, number>();
  readonly #numbers = new Map<string, number>();

  constructor(migration: Migration) {
    this.#migration = migration;
    this.#rows = new LandedRows(migration);
    for (const flow of migration.flows) this.#dirty.set(flow.name, new Set());
  }

  apply(change: ChangeEvent): void {
    if (!this.#rows.declares(change.table)) return;
    const touches = this.#rows.apply(change);
    for (const flow of this.#migration.flows) {
      for (const touch of touches) {
        for (const key of rootsTouched(flow, touch, this.#rows)) this.#dirty.get(flow.name)?.add(key);
      }
    }
  }

  /** Marks everything, as a backfill does. */
  markAll(): void {
    for (const flow of this.#migration.flows) {
      for (const key of allRoots(flow, this.#rows)) this.#dirty.get(flow.name)?.add(key);
    }
  }

  /** Derives what is marked, what time has come for, and what was waiting for documents that are there now. */
  derive(asOf: string): Derived {
    const roots: { flow: string; root: string }[] = [];
    const changed: DocumentRef[] = [];
    for (const [name, { flow, root, wakeAt }] of this.#timers) {
      if (Date.parse(wakeAt) > Date.parse(asOf)) continue;
      this.#timers.delete(name);
      this.#dirty.get(flow.name)?.add(root);
    }
    for (const flow of this.#migration.flows) {
      const dirty = this.#dirty.get(flow.name) ?? new Set<string>();
      // a root can ask for others
      while (dirty.size > 0) {
        const keys = [...dirty].sort();
        dirty.clear();
        for (const root of keys) {
          roots.push({ flow: flow.name, root });
          changed.push(...this.#deriveRoot(flow, root, asOf));
        }
      }
    }
    for (let before = -1; this.#needy.size > 0 && before !== this.#needy.size; ) {
      before = this.#needy.size;
      for (const { flow, root } of [...this.#needy.values()]) changed.push(...this.#deriveRoot(flow, root, asOf));
    }
    return { roots, changed };
  }

  /** What the targets hold: target name, then document id. Retired documents are there in their last form. */
  documents(): ReadonlyMap<string, ReadonlyMap<string, Document>> {
    const targets = new Map<string, Map<string, Document>>();
    for (const { document, gone } of this.#held.values()) {
      if (gone && !isRemote(document.target, this.#migration)) continue;
      const target = targets.get(document.target) ?? new Map<string, Document>();
      targets.set(document.target, target.set(document.id, document));
    }
    return targets;
  }

  /** Whether a document stands in the last form it got when it was no longer produced. */
  isRetired(ref: DocumentRef): boolean {
    return this.#held.get(nameOf(ref))?.gone === true;
  }

  document(ref: DocumentRef): Document | undefined {
    return this.#held.get(nameOf(ref))?.document;
  }

  /** The root a document belongs to. */
  ownerOf(ref: DocumentRef): { readonly flow: string; readonly root: string } | undefined {
    return this.#held.get(nameOf(ref));
  }

  issuesOf(flow: string, root: string): readonly Issue[] {
    return (this.#issues.get(at(flow, root)) ?? []).map(({ issue }) => issue);
  }

  /** What is to be logged of the last derivation of a root that came to something. */
  notesOf(flow: string, root: string): readonly Note[] {
    return this.#notes.get(at(flow, root)) ?? [];
  }

  issues(): readonly RootIssue[] {
    return [...this.#issues.values()].flat();
  }

  /** Roots that wait or are parked. */
  troubles(): readonly RootTrouble[] {
    return [...this.#troubles.values()];
  }

  troubleOf(flow: string, root: string): RootTrouble | undefined {
    return this.#troubles.get(at(flow, root));
  }

  #deriveRoot(flow: Flow, root: string, asOf: string): readonly DocumentRef[] {
    const name = at(flow.name, root);
    this.#needy.delete(name);
    const aggregate = readAggregate(flow, root, this.#rows);
    if ('table' in flow.root && aggregate.root === null) return [];
    try {
      const made = flow.transform(aggregate, { asOf });
      for (const other of made.others ?? []) if (other !== root) this.#dirty.get(flow.name)?.add(other);
      const derivation = { ...made, documents: made.documents.map((document) => this.#numbered(document)) };
      const changes = 'table' in flow.root && flow.history ? this.#rows.changesOf(flow.root.table, root) : [];
      const history = changes.slice(this.#rendered.get(name) ?? 0).flatMap((change) => flow.history?.(change) ?? []);
      const missing = this.#missing(derivation);
      const waitsFor = derivation.waitingFor ?? (missing.length > 0 ? [...new Set(missing)].join(', ') : null);
      this.#remember(flow, root, derivation);
      if (waitsFor !== null) {
        this.#troubles.set(name, { flow: flow.name, root, state: 'waiting', reason: waitsFor, code: null });
        if (derivation.waitingFor === undefined) this.#needy.set(name, { flow, root });
        return [];
      }
      this.#troubles.delete(name);
      this.#rendered.set(name, changes.length);
      return [...this.#writeState(flow, root, derivation.documents), ...this.#append(flow, root, history)];
    } catch (error) {
      if (!(error instanceof SluiceError) || error.disposition !== 'park') throw error;
      const trouble = { flow: flow.name, root, state: 'parked', reason: error.message, code: error.code } as const;
      this.#troubles.set(name, trouble);
      return [];
    }
  }

  #numbered(document: Document): Document {
    for (const name of Object.values(document.numbers ?? {}).map(numberName))
      if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size + 1);
    return numbered(document, this.#numbers);
  }

  #remember(flow: Flow, root: string, { issues, notes = [], wakeAt }: Derivation): void {
    const name = at(flow.name, root);
    this.#notes.set(name, notes);
    this.#issues.set(
      name,
      issues.map((issue) => ({ flow: flow.name, root, issue })),
    );
    this.#timers.delete(name);
    if (wakeAt !== undefined) this.#timers.set(name, { flow, root, wakeAt });
  }

  /** Targets of documents that rows of this root refer to and that are not there yet. */
  #missing({ documents }: Derivation): readonly string[] {
    const own = new Set(documents.map(nameOf));
    return documents
      .filter((document) => kindOf(document.target, this.#migration) !== 'fhir')
      .flatMap((document) => document.needs ?? [])
      .filter((need) => !own.has(nameOf(need)) && this.#held.get(nameOf(need))?.gone !== false)
      .map((need) => need.target);
  }

  #writeState(flow: Flow, root: string, documents: readonly Document[]): readonly DocumentRef[] {
    const changed: DocumentRef[] = [];
    const produced = new Set<string>();
    for (const document of documents) {
      const name = nameOf(document);
      if (produced.has(name))
        throw new SluiceError('INTERNAL', `${flow.name} makes a document of ${document.target} twice`);
      produced.add(name);
      const before = this.#held.get(name);
      const isSame = before && !before.gone && sameContent(before.document, document);
      if (isSame && before.root === root) continue;
      if (!isSame) changed.push(document);
      this.#hold(name, { document, flow: flow.name, root, gone: false });
    }
    for (const name of this.#owned.get(at(flow.name, root)) ?? []) {
      const held = this.#held.get(name);
      if (!held || held.gone || produced.has(name)) continue;
      const content = isRemote(held.document.target, this.#migration)
        ? (flow.retire?.(held.document.target, held.document.content) ?? null)
        : {};
      if (content === null) continue;
      const { basis: _basis, ...last } = held.document;
      const document = { ...last, content };
      if (!sameContent(document, held.document)) changed.push(document);
      this.#hold(name, { ...held, document, gone: true });
    }
    return changed;
  }

  #append(flow: Flow, root: string, documents: readonly Document[]): readonly DocumentRef[] {
    const fresh: Document[] = [];
    for (const document of documents) {
      if (this.#held.has(nameOf(document))) continue;
      // never owned: what is appended stays
      this.#held.set(nameOf(document), { document, flow: flow.name, root, gone: false });
      fresh.push(document);
    }
    return fresh;
  }

  #hold(name: string, held: Held): void {
    const before = this.#held.get(name);
    if (before) this.#owned.get(at(before.flow, before.root))?.delete(name);
    const owner = at(held.flow, held.root);
    const owned = this.#owned.get(owner) ?? new Set<string>();
    this.#owned.set(owner, owned.add(name));
    this.#held.set(name, held);
  }
}

const hashOf = (document: Document): string => contentHash(document.basis ?? document.content);

const sameContent = (x: Document, y: Document): boolean => hashOf(x) === hashOf(y);

const kindOf = (target: string, migration: Migration) =>
  migration.flows.flatMap((flow) => flow.targets).find((known) => known.name === target)?.kind;

const isRemote = (target: string, migration: Migration): boolean => {
  const kind = kindOf(target, migration);
  return kind !== undefined && kind !== 'postgres';
};

export const createModel = (migration: Migration): Model => new Model(migration);

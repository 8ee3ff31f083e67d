import type { Json } from '../../core/index.ts';
import type { Compiled } from './compiled.ts';
import type { Cursor } from './cursor.ts';
import { standInOf, withStandIn } from './stand-ins.ts';
import { UNSENT } from './unsent.ts';

type Named = Map<string, { type: Compiled | null }>;

const UNSENT_BYTES = Buffer.from(UNSENT, 'utf8');

const refuse = (): never => {
  throw new RangeError('a structured value where a plain one belongs, or the other way round');
};

function skipText(c: Cursor): boolean {
  const length = c.size();
  const begin = c.at;
  const end = c.pass(length);
  return length === UNSENT_BYTES.length && c.bytes.compare(UNSENT_BYTES, 0, length, begin, end) === 0;
}

function base64(c: Cursor, length: number): string {
  const begin = c.at;
  return c.bytes.toString('base64', begin, c.pass(length));
}

const TEXT: Compiled = {
  skip: skipText,
  read: (c, cells) => {
    const length = c.size();
    const begin = c.at;
    cells.text(c.bytes, begin, c.pass(length));
  },
  scalar: (c) => c.utf8(),
  json: (c) => c.utf8(),
  enter: refuse,
};

const LONG: Compiled = {
  skip: (c) => {
    c.skipLong();
    return false;
  },
  read: (c, cells) => cells.long(c.long()),
  scalar: (c) => c.long(),
  json: (c) => {
    const value = c.long();
    return typeof value === 'bigint' ? String(value) : value;
  },
  enter: refuse,
};

/** JSON has no NaN and no infinity, and would make null of them: their text, as Connect's JSON converter has it. */
const numberOf = (value: number): Json => (Number.isFinite(value) ? value : String(value));

const PRIMITIVES: Readonly<Record<string, Compiled>> = {
  null: {
    skip: () => false,
    read: (_, cells) => cells.null(),
    scalar: () => null,
    json: () => null,
    enter: () => null,
  },
  boolean: {
    skip: (c) => {
      c.byte();
      return false;
    },
    read: (c, cells) => cells.boolean(c.byte() === 1),
    scalar: (c) => c.byte() === 1,
    json: (c) => c.byte() === 1,
    enter: refuse,
  },
  int: LONG,
  long: LONG,
  float: {
    skip: (c) => {
      c.pass(4);
      return false;
    },
    read: (c, cells) => cells.double(c.float()),
    scalar: (c) => c.float(),
    json: (c) => numberOf(c.float()),
    enter: refuse,
  },
  double: {
    skip: (c) => {
      c.pass(8);
      return false;
    },
    read: (c, cells) => cells.double(c.double()),
    scalar: (c) => c.double(),
    json: (c) => numberOf(c.double()),
    enter: refuse,
  },
  string: TEXT,
  bytes: { ...TEXT, read: refuse, json: (c) => base64(c, c.size()) },
};

/** Compiles an Avro schema as the registry holds it. Throws RangeError for what is no Avro schema. */
export function compileSchema(schema: Json): Compiled {
  return compile(schema, new Map(), '');
}

function compile(schema: Json, named: Named, space: string): Compiled {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? reference(schema, named, space);
  if (Array.isArray(schema)) return union(schema.map((branch: Json) => compile(branch, named, space)));
  const given = schema as { readonly [name: string]: Json };
  const { type } = given;
  if (typeof type !== 'string') return compile(type ?? null, named, space);
  switch (type) {
    case 'record':
    case 'error':
      return record(given, named, space);
    case 'enum':
      return name(given, named, space, () => enumeration(given.symbols as string[]));
    case 'fixed':
      return name(given, named, space, () => fixed(given.size as number));
    case 'array':
      return blocks(compile(given.items ?? null, named, space), false);
    case 'map':
      return blocks(compile(given.values ?? null, named, space), true);
    default:
      return compile(type, named, space);
  }
}

const fullName = (text: string, space: string): string =>
  text.includes('.') || space === '' ? text : `${space}.${text}`;

function reference(text: string, named: Named, space: string): Compiled {
  const slot = named.get(fullName(text, space)) ?? named.get(text);
  if (!slot) throw new RangeError('the schema refers to a type it does not hold');
  if (slot.type) return slot.type;
  // inside its own definition
  return {
    skip: (c) => slot.type?.skip(c) ?? false,
    read: (c, cells) => slot.type?.read(c, cells),
    scalar: (c) => slot.type?.scalar(c) ?? null,
    json: (c) => slot.type?.json(c) ?? null,
    enter: (c) => slot.type?.enter(c) ?? null,
  };
}

function name(given: { readonly [name: string]: Json }, named: Named, space: string, make: () => Compiled): Compiled {
  const type = make();
  named.set(fullName(String(given.name), String(given.namespace ?? space)), { type });
  return type;
}

/** What nobody reads of Debezium's own records, by their names. A row is a `Value` and is read whole. */
const UNREAD: Readonly<Record<string, ReadonlySet<string>>> = {
  Envelope: new Set(['transaction', 'ts_us', 'ts_ns']),
  Source: new Set(['version', 'connector', 'name', 'db', 'schema', 'table', 'ts_ns', 'xmin']),
};

function record(given: { readonly [name: string]: Json }, named: Named, space: string): Compiled {
  const own = String(given.namespace ?? space);
  const full = fullName(String(given.name), own);
  const slot: { type: Compiled | null } = { type: null };
  named.set(full, slot);
  const inner = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : own;
  const fields = (given.fields as { name: string; type: Json }[]).map((field) => {
    const type = compile(field.type, named, inner);
    const standIn = standInOf(field.type);
    return { name: field.name, type: standIn === undefined ? type : withStandIn(type, standIn) };
  });
  const unread = UNREAD[full.slice(full.lastIndexOf('.') + 1)];
  const skip = (c: Cursor): boolean => {
    for (const field of fields) field.type.skip(c);
    return false;
  };
  const json = (c: Cursor): Json => {
    const found: Record<string, Json> = {};
    for (const field of fields) {
      if (unread?.has(field.name)) field.type.skip(c);
      else found[field.name] = field.type.json(c);
    }
    return found;
  };
  slot.type = { skip, read: refuse, scalar: refuse, json, enter: () => fields };
  return slot.type;
}

function enumeration(symbols: readonly string[]): Compiled {
  const bytes = symbols.map((symbol) => Buffer.from(symbol, 'utf8'));
  return {
    skip: LONG.skip,
    read: (c, cells) => {
      const symbol = bytes[c.size()];
      if (!symbol) throw new RangeError('an unknown symbol');
      cells.text(symbol, 0, symbol.length);
    },
    scalar: (c) => symbols[c.size()] ?? null,
    json: (c) => symbols[c.size()] ?? null,
    enter: refuse,
  };
}

const fixed = (size: number): Compiled => ({
  skip: (c) => {
    c.pass(size);
    return false;
  },
  read: refuse,
  scalar: refuse,
  json: (c) => base64(c, size),
  enter: refuse,
});

/** Arrays and maps are blocks of items, ended by an empty one; a negative count is followed by the block's bytes. */
function blocks(item: Compiled, isMap: boolean): Compiled {
  const skip = (c: Cursor): boolean => {
    let items = 0;
    let unsent = false;
    for (const count of counts(c)) {
      for (let n = 0; n < count; n++) {
        if (isMap) TEXT.skip(c);
        unsent = item.skip(c);
        items += 1;
      }
    }
    // what was not sent of an array column comes as an array of one placeholder
    return !isMap && items === 1 && unsent;
  };
  const json = (c: Cursor): Json => (isMap ? mapOf(item, c) : arrayOf(item, c));
  return { skip, read: refuse, scalar: refuse, json, enter: refuse };
}

/** The counts of blocks until an empty one. */
function* counts(c: Cursor): Generator<number> {
  for (let count = Number(c.long()); count !== 0; count = Number(c.long())) {
    if (count < 0) c.skipLong();
    yield Math.abs(count);
  }
}

function arrayOf(item: Compiled, c: Cursor): Json {
  const found: Json[] = [];
  for (const count of counts(c)) for (let n = 0; n < count; n++) found.push(item.json(c));
  return found;
}

function mapOf(item: Compiled, c: Cursor): Json {
  const found: Record<string, Json> = {};
  for (const count of counts(c)) {
    for (let n = 0; n < count; n++) {
      const name = c.utf8();
      found[name] = item.json(c);
    }
  }
  return found;
}

function union(branches: readonly Compiled[]): Compiled {
  const pick = (c: Cursor): Compiled => {
    const branch = branches[c.size()];
    if (!branch) throw new RangeError('an unknown branch of a union');
    return branch;
  };
  return {
    skip: (c) => pick(c).skip(c),
    read: (c, cells) => pick(c).read(c, cells),
    scalar: (c) => pick(c).scalar(c),
    json: (c) => pick(c).json(c),
    enter: (c) => pick(c).enter(c),
  };
}

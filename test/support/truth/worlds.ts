import { rehearsalStaging } from '../../../src/app/pas/staging/rehearsal.ts';
import type { Flow, Target } from '../../../src/core/index.ts';
import {
  parseAddress,
  type TrafficReport,
  trafficDos,
  trafficPas,
  trafficSupabase,
} from '../../../src/rehearsal/index.ts';
import { LedgerReading } from '../../../src/sinks/postgres/index.ts';
import type { StackAddresses } from '../../../src/stack/index.ts';
import { standBetween } from '../dynamodb-between.ts';
import { fhirProxy } from '../fhir-proxy.ts';
import { type Rig, type RigOptions, startRig } from '../rig.ts';
import type { Bed, Placed } from './plants.ts';
import { shelfOf } from './shelves.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type TruthMigration = 'supabase' | 'dos' | 'pas';

/** One migration under traffic, what is in its way, and where faults are planted in it. */
export interface World {
  readonly name: TruthMigration;
  readonly rig: Rig;
  traffic(rate: number, seconds: number, seed: bigint): Promise<TrafficReport>;
  /** keeps the targets from being written, or makes that slow, for a while */
  slow(ms: number): Promise<void>;
  beds(): Promise<readonly Bed[]>;
  /** commits a change of these roots' rows that changes nothing, as a busy key has many */
  touch(bed: Bed, roots: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Made {
  readonly target: string;
  readonly flow: string;
  readonly removal: Bed['removal'];
  readonly field: string;
  /** the table whose row is touched and altered, its column that is the root, and what altering is */
  readonly table: string;
  readonly root: string;
  readonly alter: string;
}

interface Kind {
  readonly rig: RigOptions;
  readonly beds: readonly Made[];
  readonly slowTable: string | null;
  traffic(rig: Rig, options: { rate: number; seconds: number; seed: bigint }): Promise<TrafficReport>;
  /** rows beside those that are seeded */
  readonly more?: string;
}

const source = (rig: Rig) => parseAddress(rig.config.sourceUrl(rig.migration));

const KINDS: Readonly<Record<TruthMigration, Kind>> = {
  supabase: {
    rig: { migration: 'supabase', rows: 15 },
    slowTable: 'partnerops.label_queue',
    // more than one page of a scan
    more: `insert into public.partner_label_queue (label_code, patient_name, request_type, priority)
      select 'T' || n, 'Invented ' || n, 'label', 'normal' from generate_series(1, 240) n`,
    beds: [
      {
        target: 'partnerops.label_queue',
        flow: 'partner_label_queue',
        removal: 'possible',
        field: 'patient_name',
        table: 'public.partner_label_queue',
        root: 'id::text',
        alter: `patient_name = 'Invented Person'`,
      },
      {
        target: 'fhir.Appointment',
        flow: 'appointments',
        removal: 'refused',
        field: 'description',
        table: 'public.appointments',
        root: 'id::text',
        alter: `notes = 'asked for a later hour'`,
      },
      {
        target: 'fhir.Provenance',
        flow: 'appointments',
        removal: 'only',
        field: 'recorded',
        table: 'public.appointments',
        root: 'id::text',
        alter: 'id = id',
      },
    ],
    traffic: (rig, options) => trafficSupabase(source(rig), options),
  },
  dos: {
    rig: { migration: 'dos', rows: 60 },
    slowTable: null,
    beds: [
      {
        target: 'dynamodb.healthcare-service',
        flow: 'services',
        removal: 'possible',
        field: 'name',
        table: 'pathwaysdos.services',
        root: 'id::text',
        alter: `name = name || ' Annexe', publicname = publicname || ' Annexe'`,
      },
    ],
    traffic: (rig, options) => trafficDos(source(rig), options),
  },
  pas: {
    rig: { migration: 'pas', rows: 30, variables: { SLUICE_PAS_TEST_DATA: 'on' } },
    slowTable: 'pas184.load_pmi',
    beds: [
      {
        target: 'pas184.load_pmi',
        flow: 'patients',
        removal: 'possible',
        field: 'pat_name_family',
        table: 'v83.patdata',
        root: 'internalpatientnumber',
        alter: `surname = 'ALTERED'`,
      },
    ],
    traffic: (rig, options) => trafficPas(source(rig), rehearsalStaging(), options),
  },
};

/** @param rows instead of the few that are seeded */
export async function startWorld(stack: StackAddresses, name: TruthMigration, rows?: number): Promise<World> {
  const kind = KINDS[name];
  const fhir = name === 'supabase' ? await fhirProxy(stack.fhir) : null;
  let isSlow = false;
  const dynamodb =
    name === 'dos'
      ? await standBetween(stack.dynamodb, async (operation, pass) => {
          if (isSlow && !/^(Get|BatchGet|Scan|Query|Describe|List)/.test(operation)) await pause(400);
          return pass();
        })
      : null;
  const rig = await startRig(stack, {
    ...kind.rig,
    seed: 88n,
    rows: rows ?? kind.rig.rows,
    variables: {
      ...kind.rig.variables,
      ...(fhir ? { SLUICE_FHIR_URL: fhir.url } : {}),
      ...(dynamodb
        ? { SLUICE_DYNAMODB_URL: dynamodb.url, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
        : {}),
    },
  });
  if (kind.more) await rig.source.query(kind.more);

  async function slow(ms: number): Promise<void> {
    isSlow = true;
    // every third write is carried out and its answer lost, every other is refused for a second
    if (fhir)
      fhir.rule = (nth) =>
        nth % 3 === 0 ? 'lose' : nth % 2 === 0 ? { status: 429, headers: { 'retry-after': '1' } } : 'pass';
    const client = kind.slowTable === null ? null : await rig.open.pool.connect();
    try {
      await client?.query(`begin; lock table ${kind.slowTable} in exclusive mode`);
      await pause(ms);
      await client?.query('rollback');
    } finally {
      client?.release();
      isSlow = false;
      if (fhir) fhir.rule = () => 'pass';
    }
  }

  return {
    name,
    rig,
    slow,
    traffic: (rate, seconds, seed) => kind.traffic(rig, { rate, seconds, seed }),
    async beds() {
      const beds: Bed[] = [];
      for (const made of kind.beds) beds.push(await bedOf(rig, made));
      return beds;
    },
    async touch({ target }, roots) {
      const { table, root } = kind.beds.find((made) => made.target === target.name) as Made;
      const column = root.split('::')[0] as string;
      await rig.source.query(`update ${table} set ${column} = ${column} where ${root} = any($1)`, [roots]);
    },
    async close() {
      await rig.close();
      await fhir?.close();
      await dynamodb?.close();
    },
  };
}

function targetNamed(rig: Rig, { target: name, flow: of }: Made): { readonly flow: Flow; readonly target: Target } {
  const flow = rig.open.migration.flows.find((one) => one.name === of);
  const target = flow?.targets.find((one) => one.name === name);
  if (!flow || !target) throw new Error(`${of} has no target ${name}`);
  return { flow, target };
}

async function bedOf(rig: Rig, made: Made): Promise<Bed> {
  const { field, table, root, alter, removal } = made;
  const { flow, target } = targetNamed(rig, made);
  const shelf = shelfOf(rig, target);
  const reading = new LedgerReading(rig.open.pool, {
    migration: rig.open.migration,
    pipeline: rig.open.name,
    schemaSuffix: '',
  });
  const alive = await rig.source.query<{ root: string }>(`select distinct ${root} as root from ${table}`);
  const isAlive = new Set(alive.rows.map((row) => row.root));
  // of what waits for a row it belongs to nothing is said, though it was made before
  const waiting = await rig.open.pool.query<{ root: string }>(
    'select distinct root from sluice.waiting where pipeline = $1 and flow = $2',
    [rig.open.name, flow.name],
  );
  for (const { root: one } of waiting.rows) isAlive.delete(one);
  const documents = await rig.open.pool.query<Placed>(
    'select id, root from sluice.document where pipeline = $1 and flow = $2 and target = $3 and not gone',
    [rig.open.name, flow.name, target.name],
  );
  const byRoot = new Map<string, Placed[]>();
  for (const one of documents.rows) byRoot.set(one.root, [...(byRoot.get(one.root) ?? []), one]);
  const pages: Placed[][] = [];
  for (let after = ''; ; ) {
    const roots = await reading.roots(flow, after, 200);
    if (roots.length === 0) break;
    const page: Placed[] = [];
    for (const one of roots) {
      const own = byRoot.get(one) ?? [];
      // a text is there to be changed and swapped
      if (own.length === 0 || !isAlive.has(one)) continue;
      if (typeof (await shelf.read((own[0] as Placed).id))[field] === 'string') page.push(own[0] as Placed);
    }
    if (page.length > 0) pages.push(page);
    after = roots.at(-1) as string;
  }
  const placed = pages.flat();
  const [first, second] = pages;
  const edge = (second ? [first?.at(-1), second[0]] : placed.slice(-3, -1)) as [Placed, Placed];
  return {
    flow: flow.name,
    target,
    shelf,
    placed,
    edge,
    removal,
    field,
    alter: async (roots) =>
      void (await rig.source.query(`update ${table} set ${alter} where ${root} = any($1)`, [roots])),
  };
}

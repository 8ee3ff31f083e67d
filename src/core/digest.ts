/** A row as one number for its place and two for what it holds, its key included. All are signed 64-bit integers. */
export interface DigestRow {
  /** hash of the key: its upper bits say which bucket the row is in */
  readonly place: bigint;
  readonly a: bigint;
  readonly b: bigint;
}

/** Rows added up, in any order. Sums, not XOR: a row that is there twice does not cancel itself. */
export interface DigestTotals {
  readonly count: number;
  readonly a: bigint;
  readonly b: bigint;
}

/** Buckets of one size: bucket `n` holds the places p with `p >> shift = n`, so each place is in exactly one. */
export interface DigestBuckets {
  readonly shift: number;
  readonly numbers: readonly bigint[];
}

/** One of the two things that are compared, as of one moment. */
export interface DigestSide<R extends DigestRow> {
  /** by the number of the bucket of that size; those without rows may be left out. `within`: only of these */
  totals(shift: number, within: DigestBuckets | null): Promise<ReadonlyMap<bigint, DigestTotals>>;
  rows(within: DigestBuckets): Promise<readonly R[]>;
}

/** What is expected of a row of a state table, and of whom it is. */
export interface ExpectedRow extends DigestRow {
  readonly id: string;
  readonly flow: string;
  readonly root: string;
  /** of the document on record when this was worked out */
  readonly revision: bigint;
}

/** The bucket numbers of this shift go from -2048 to 2047; totals of these are kept. */
export const DIGEST_SHIFT = 52;

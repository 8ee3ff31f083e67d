export interface SeedOptions {
  /** rows of the main table to make (submissions, services); the other tables follow in proportion */
  readonly rows: number;
  readonly seed: bigint;
  readonly onProgress?: (progress: SeedProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SeedProgress {
  /** of the main table */
  readonly done: number;
  readonly of: number;
  /** rows of all tables, those that were there already included */
  readonly rows: number;
  readonly seconds: number;
}

export interface SeedReport {
  readonly tables: readonly { readonly table: string; readonly made: number; readonly inserted: number }[];
  /** how often what is out of the ordinary was drawn, by name */
  readonly oddities: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly seconds: number;
  readonly stopped: boolean;
}

import type { Plugin } from 'vitest/config';

/** Guards that can be taken out of the sources for one test run, to see that the tests would notice. */
export const SABOTAGES: Readonly<
  Record<string, { readonly file: string; readonly from: string; readonly to: string }>
> = {
  'fence off': {
    file: 'src/sinks/postgres/landing-transaction.ts',
    from: 'and next_offset = $4 and fence = $7',
    to: 'and next_offset = $4 and $7::bigint is not null',
  },
  'position compare off': {
    file: 'src/core/position.ts',
    from: 'if (x.epoch !== y.epoch) return x.epoch - y.epoch;',
    to: 'if (x !== y) return 1;',
  },
  'position compare of copied tables off': {
    file: 'src/sinks/postgres/copy/table.ts',
    from: 'return `(',
    to: 'return `(true or ',
  },
  'marks off': {
    file: 'src/pipeline/land.ts',
    from: 'await tx.mark(marks);',
    to: 'await tx.mark([]);',
  },
  'If-Match off': {
    file: 'src/sinks/fhir/batch.ts',
    from: '  headers:\n    etag !== null',
    to: "  headers: Date.now() > 0 ? ({} as { 'if-match'?: string }) :\n    etag !== null",
  },
};

/** Applies the sabotage named by SLUICE_SABOTAGE, if any. Throws when the source no longer has the guard's text. */
export function sabotage(name = process.env.SLUICE_SABOTAGE): Plugin {
  return {
    name: 'sabotage',
    enforce: 'pre',
    transform(code, id) {
      const one = name === undefined || name === '' ? undefined : SABOTAGES[name];
      if (!one || !id.endsWith(one.file)) return null;
      if (!code.includes(one.from)) throw new Error(`${one.file} has changed: mend SABOTAGES`);
      return code.replace(one.from, one.to);
    },
  };
}

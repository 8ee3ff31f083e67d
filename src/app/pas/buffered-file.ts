import { writeSync } from 'node:fs';

/** A file that is written from memory in larger pieces. */
export interface BufferedFile {
  add(text: string): void;
  /** All that was added is in the file; answers how long it is. */
  flush(): number;
}

/**
 * What waits is kept as bytes: as text it would be thousands of small strings that the collector moves about before they
 * are written. `length`: how long the file is, what is added comes behind.
 */
export function bufferedFile(file: number, length: number, capacity: number): BufferedFile {
  const waiting = Buffer.allocUnsafeSlow(capacity);
  let used = 0;
  let end = length;
  const flush = (): number => {
    for (let from = 0; from < used; ) from += writeSync(file, waiting, from, used - from, end + from);
    end += used;
    used = 0;
    return end;
  };
  return {
    add(text) {
      // no character of a string takes more than three bytes
      if (text.length * 3 > capacity - used) flush();
      if (text.length * 3 <= capacity) {
        used += waiting.write(text, used);
        return;
      }
      const bytes = Buffer.from(text);
      for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from, bytes.length - from, end + from);
      end += bytes.length;
    },
    flush,
  };
}

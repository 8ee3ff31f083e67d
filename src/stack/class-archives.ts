import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArchivePlaces, ProcessRecord } from './process-record.ts';

/*
 * A class archive (AppCDS) spares a JVM the loading and checking of its classes and takes a good part off its start. It
 * is bound to the exact jars and the exact JVM, so it is kept beside the jars under a name of the JVM. The first start
 * has none: that process writes one when it ends, and a clean end puts it in its place for all stacks of the user.
 */

export interface ArchiveUse {
  readonly args: readonly string[];
  /** null when there is one already, or none is wanted */
  readonly making: ArchivePlaces | null;
}

export const NO_ARCHIVE: ArchiveUse = { args: [], making: null };

export function archiveFor(part: string, place: { jars: string; jvm: string; home: string }): ArchiveUse {
  const kept = join(place.jars, 'archives', `${part}-${digest(place.jvm)}.jsa`);
  if (existsSync(kept)) return { args: [`-XX:SharedArchiveFile=${kept}`], making: null };
  mkdirSync(dirname(kept), { recursive: true });
  const making = `${kept}.${digest(place.home)}`;
  return { args: [`-XX:ArchiveClassesAtExit=${making}`], making: { making, kept } };
}

/** After a process ended: what it wrote is kept when it ended by itself, and thrown away when it was cut off. */
export function settleArchive(record: ProcessRecord | null, endedWell: boolean): void {
  if (!record?.archive) return;
  const { making, kept } = record.archive;
  if (endedWell && existsSync(making)) renameSync(making, kept);
  else rmSync(making, { force: true });
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

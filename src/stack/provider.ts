import type { PartName, StackSettings } from './settings.ts';

/** `dead` ended by itself; `not answering` lives and hangs; `foreign`: its port is held by a process that is not ours */
export type PartState = 'running' | 'starting' | 'not answering' | 'stopped' | 'dead' | 'foreign' | 'left out';

export interface PartStatus {
  readonly part: PartName;
  readonly state: PartState;
  readonly port: number;
  readonly pid: number | null;
  /** ISO time of its start */
  readonly since: string | null;
  readonly rssMb: number | null;
  readonly detail: string;
}

export type Progress = (
  part: PartName | 'jars',
  state: 'working' | 'starting' | 'ready' | 'stopped',
  detail: string,
) => void;

/** One way of bringing the servers up. Both ways answer at the same addresses. */
export interface Provider {
  /** Starts what is not running; leaves what is. Resolves when all is ready, the FHIR server only if asked. */
  up(settings: StackSettings, options: { waitForFhir: boolean }, say: Progress): Promise<void>;
  /** Ends every part; `purge` also removes their data. */
  down(settings: StackSettings, options: { purge: boolean }, say: Progress): Promise<void>;
  status(settings: StackSettings): Promise<readonly PartStatus[]>;
  logs(settings: StackSettings, part: PartName, options: { follow: boolean; lines: number }): Promise<void>;
}

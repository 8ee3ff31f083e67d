/** The part of a terminal or pipe that a progress line needs. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressLine {
  /** `share` from 0 to 1 draws a bar; null: the work has no known end */
  show(share: number | null, text: string): void;
  /** Leaves the terminal on a fresh line. */
  end(): void;
}

const BAR = 24;
const PLAIN_EVERY_MS = 3_000;
const DRAWN_EVERY_MS = 100;

/** On a terminal one line drawn over and over; anywhere else a plain line every few seconds. */
export function progressLine(stream: ProgressStream, nowMs: () => number = () => performance.now()): ProgressLine {
  const drawn = stream.isTTY === true;
  let shownAt = drawn ? Number.NEGATIVE_INFINITY : nowMs();
  let open = false;
  return {
    show: (share, text) => {
      const finished = share !== null && share >= 1;
      const due = nowMs() - shownAt >= (drawn ? DRAWN_EVERY_MS : PLAIN_EVERY_MS);
      if (!due && !(drawn && finished)) return;
      shownAt = nowMs();
      if (!drawn) {
        stream.write(`${share === null ? '' : `${Math.floor(share * 100)} %  `}${text}\n`);
        return;
      }
      const full = share === null ? 0 : Math.round(Math.min(1, share) * BAR);
      const bar = share === null ? '' : `${'█'.repeat(full)}${'░'.repeat(BAR - full)} `;
      const line = `${bar}${text}`;
      // a line longer than the window would leave its first half behind when drawn again
      stream.write(`\r\u001b[2K${line.slice(0, Math.max(20, (stream.columns || 100) - 1))}`);
      open = true;
    },
    end: () => {
      if (open) stream.write('\n');
      open = false;
    },
  };
}

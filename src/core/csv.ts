/** Why a line of a CSV file cannot be read as a row. */
export type CsvProblem = 'CSV_QUOTE_OPEN' | 'CSV_QUOTE_STRAY' | 'CSV_CELL_COUNT' | 'CSV_CONTROL' | 'CSV_ROW_LONG';

export interface CsvHandler {
  /** `line` is where the row begins, the first being line 1. */
  row(cells: string[], line: number): void;
  bad(line: number, problem: CsvProblem): void;
}

export interface CsvReader {
  push(text: string): void;
  end(): void;
}

/** No text has them; U+001E and U+001F separate rows and cells wherever Sluice keeps them for a while. */
const CONTROLS = ['\0', '\u001e', '\u001f'];

const hasControl = (text: string): boolean => CONTROLS.some((control) => text.includes(control));

/** A quoted cell may hold line breaks; one that holds this many is a quote that was never closed. */
const MAX_QUOTED_LINES = 200;

/** A row of this many characters is no row: a file without line ends, or one that is no CSV at all. */
const MAX_ROW = 1 << 24;

/**
 * Reads CSV as RFC 4180 has it, piece by piece. A quote inside an unquoted cell is text. A line that cannot be read
 * is reported with its number and left out; reading goes on with the line after it.
 */
export function createCsvReader(handler: CsvHandler): CsvReader {
  let rest = '';
  let line = 1;
  /** true: what comes until the next line end belongs to a row that was too long */
  let skipping = false;

  const take = (raw: string, at: number, clean: boolean): void => {
    if (!clean && hasControl(raw)) handler.bad(at, 'CSV_CONTROL');
    else handler.row(raw.split(','), at);
  };

  /** Consumes whole rows from `text` and answers where the first unfinished one begins. */
  const consume = (text: string, last: boolean): number => {
    let start = 0;
    // one look at the whole text is cheaper than one at each of its rows
    const clean = !hasControl(text);
    let quote = text.indexOf('"');
    while (start < text.length) {
      if (quote >= 0 && quote < start) quote = text.indexOf('"', start);
      let end = text.indexOf('\n', start);
      if (end < 0) {
        if (!last) break;
        end = text.length;
      }
      const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
      if (quote < 0 || quote >= end) {
        if (stop > start) take(text.slice(start, stop), line, clean);
        line += 1;
        start = end + 1;
        continue;
      }
      const row = readQuoted(text, start, last);
      if (row === 'more') break;
      if (typeof row === 'string') {
        handler.bad(line, row);
        line += 1;
        start = end + 1;
        continue;
      }
      if (!clean && hasControl(text.slice(start, row.stop))) handler.bad(line, 'CSV_CONTROL');
      else handler.row(row.cells, line);
      line += row.lines;
      start = row.next;
    }
    return start;
  };

  return {
    push(text) {
      const from = skipping ? text.indexOf('\n') + 1 : 0;
      if (skipping && from === 0) return;
      if (skipping) line += 1;
      skipping = false;
      const all = rest === '' && from === 0 ? text : rest + text.slice(from);
      rest = all.slice(consume(all, false));
      if (rest.length <= MAX_ROW) return;
      handler.bad(line, 'CSV_ROW_LONG');
      rest = '';
      skipping = true;
    },
    end() {
      consume(rest, true);
      rest = '';
    },
  };
}

interface QuotedRow {
  readonly cells: string[];
  readonly lines: number;
  /** end of its text, and where the next row begins */
  readonly stop: number;
  readonly next: number;
}

function readQuoted(text: string, from: number, last: boolean): QuotedRow | CsvProblem | 'more' {
  const cells: string[] = [];
  let at = from;
  let lines = 1;
  for (;;) {
    if (text[at] === '"') {
      let cell = '';
      let open = at + 1;
      for (;;) {
        const close = text.indexOf('"', open);
        const upTo = close < 0 ? text.length : close;
        const piece = text.slice(open, upTo);
        for (let i = piece.indexOf('\n'); i >= 0; i = piece.indexOf('\n', i + 1)) lines += 1;
        if (lines > MAX_QUOTED_LINES) return 'CSV_QUOTE_OPEN';
        if (close < 0) return last ? 'CSV_QUOTE_OPEN' : 'more';
        if (close + 1 === text.length && !last) return 'more';
        cell += piece;
        if (text[close + 1] !== '"') {
          at = close + 1;
          break;
        }
        cell += '"';
        open = close + 2;
      }
      if (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') return 'CSV_QUOTE_STRAY';
      cells.push(cell);
    } else {
      let end = at;
      while (end < text.length && text[end] !== ',' && text[end] !== '\n') end += 1;
      if (end === text.length && !last) return 'more';
      const stop = text[end] !== ',' && text[end - 1] === '\r' && end > at ? end - 1 : end;
      cells.push(text.slice(at, stop));
      at = stop;
    }
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    const stop = at;
    if (text[at] === '\r') at += 1;
    if (at >= text.length && !last) return 'more';
    if (at < text.length && text[at] !== '\n') return 'CSV_QUOTE_STRAY';
    return { cells, lines, stop, next: at + 1 };
  }
}

const [QUOTE, COMMA, LINE_FEED, RETURN] = [34, 44, 10, 13];

/** A cell as it stands in a CSV file: quoted only where it must be. */
export function csvCell(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A row with its line end. */
export function csvLine(cells: readonly string[]): string {
  // hardly any row has a cell to be quoted, and one look at the whole line is cheaper than one at each cell
  const line = cells.join(',');
  return isPlain(line, cells.length) ? `${line}\n` : `${cells.map(csvCell).join(',')}\n`;
}

/** Whether no cell of a joined line needs quotes: its commas are those between the cells. */
function isPlain(line: string, cells: number): boolean {
  let commas = 0;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === COMMA) commas += 1;
    else if (code === QUOTE || code === LINE_FEED || code === RETURN) return false;
  }
  return commas === cells - 1;
}

import type { Issue, Severity } from '../../core/index.ts';
import { holdsIllegal } from './text.ts';

/** Collects what is odd about one row. The words are fixed, so no value can get into them. */
export class Findings {
  readonly #issues: Issue[] = [];

  add(when: boolean, severity: Severity, code: string, path: string, text: string): void {
    if (when) this.#issues.push({ code, severity, path, text });
  }

  /** Columns whose text holds characters that neither FHIR nor XML allows. */
  illegalText(row: Readonly<Record<string, unknown>>): void {
    for (const [path, value] of Object.entries(row)) {
      const texts = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      const odd = texts.some((text) => typeof text === 'string' && holdsIllegal(text));
      this.add(odd, 'info', 'TEXT_ILLEGAL_CHARACTERS', path, 'control characters are left out of FHIR');
    }
  }

  get all(): readonly Issue[] {
    return this.#issues;
  }
}

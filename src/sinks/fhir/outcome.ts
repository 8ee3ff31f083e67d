import type { Json, JsonObject } from '../../core/index.ts';

/** Codes and places of an OperationOutcome. Its texts are left out: servers quote values in them. */
export function redactOutcome(status: number, body: JsonObject | null): Json {
  const issues = Array.isArray(body?.issue) ? (body.issue as readonly JsonObject[]) : [];
  return {
    status,
    issues: issues.slice(0, 20).map((issue) => ({
      severity: word(issue.severity),
      code: word(issue.code),
      at: Array.isArray(issue.expression) ? issue.expression.filter(isPath).slice(0, 5) : [],
      server: serverCodes(issue.diagnostics),
    })),
  };
}

/** The numbers by which HAPI names its errors, e.g. HAPI-1094. */
export function serverCodes(diagnostics: unknown): string[] {
  return typeof diagnostics === 'string' ? [...new Set(diagnostics.match(/HAPI-\d{4}/g) ?? [])] : [];
}

/** The server misses a resource that is referred to. */
export function namesMissingReference(body: JsonObject | null): boolean {
  const issues = Array.isArray(body?.issue) ? (body.issue as readonly JsonObject[]) : [];
  return issues.some(({ diagnostics }) => serverCodes(diagnostics).includes('HAPI-1094'));
}

const word = (value: unknown): string => (typeof value === 'string' && /^[a-z-]{1,40}$/.test(value) ? value : '?');
const isPath = (value: Json): boolean => typeof value === 'string' && /^[A-Za-z0-9_.[\]():-]{1,200}$/.test(value);

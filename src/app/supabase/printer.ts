import { createHash } from 'node:crypto';
import { SluiceError } from '../../core/index.ts';
import type { PrintJob } from './label-queue.ts';

/** `unclear`: no answer came, so nobody knows whether the label was printed. */
export type PrintAnswer = 'printed' | 'refused' | 'unclear';

/** Whoever puts ink on labels. A key is printed once, however often it is asked for. */
export interface Printer {
  print(key: string, job: PrintJob): Promise<PrintAnswer>;
  /** Whether the label of that key was printed; null: no answer. */
  hasPrinted(key: string): Promise<boolean | null>;
}

/** A label's key with the printer: the same for every row, and every attempt, that names the label. */
export const printKey = (labelCode: string): string =>
  createHash('sha256').update(`label|${labelCode}`).digest('hex').slice(0, 32);

const TIMEOUT_MS = 10_000;

/** `PUT jobs/<key>` prints once, `GET jobs/<key>` answers 200 for what was printed and 404 for what was not. */
export function httpPrinter(base: string, token: string | undefined): Printer {
  if (!/^https?:$/.test(URL.canParse(base) ? new URL(base).protocol : ''))
    throw new SluiceError('CONFIG_INVALID', '--printer must be an http address');
  const address = (key: string): string => `${base.replace(/\/$/, '')}/jobs/${key}`;
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const send = async (method: 'GET' | 'PUT', key: string, body?: string): Promise<number | null> => {
    try {
      const request = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body ? { body } : {}) };
      const response = await fetch(address(key), request);
      await response.arrayBuffer();
      return response.status;
    } catch {
      return null;
    }
  };
  return {
    async print(key, { label_code: labelCode, patient_name: patientName, request_type: requestType, priority }) {
      const status = await send('PUT', key, JSON.stringify({ key, labelCode, patientName, requestType, priority }));
      if (status === null || status >= 500 || status === 408 || status === 429) return 'unclear';
      return status < 300 ? 'printed' : 'refused';
    },
    async hasPrinted(key) {
      const status = await send('GET', key);
      return status === 200 ? true : status === 404 ? false : null;
    },
  };
}

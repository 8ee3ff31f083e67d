import { type AwsCredentials, type Clock, type JsonObject, SluiceError, signedHeaders } from '../../core/index.ts';
import { type Posted, post } from './post.ts';

/** What a service of AWS said no with. Its words are left out: they quote keys and values. */
export class AwsRefusal extends Error {
  /** name of the exception, without its namespace */
  readonly kind: string;
  readonly status: number;
  readonly body: JsonObject;

  constructor(service: string, kind: string, status: number, body: JsonObject) {
    super(`${service} answers ${kind}`);
    this.name = 'AwsRefusal';
    this.kind = kind;
    this.status = status;
    this.body = body;
  }
}

/** A server that speaks one of the JSON protocols of AWS, and who asks it. */
export interface AwsServer {
  readonly url: string;
  readonly region: string;
  /** asked before each request, so that temporary ones can be renewed */
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
  /** without an answer for so long, a request counts as unanswered; 10 s unless told */
  readonly timeoutMs?: number;
  /** told of each request that has to be sent again */
  readonly onSetback?: (why: Setback) => void;
}

/**
 * Why a request is sent again: the server asked for less; another writer was there first or at the same moment; no
 * answer came.
 */
export type Setback = 'throttled' | 'contested' | 'unanswered';

/** Which service is asked, in the words of its protocol. */
export interface AwsService {
  /** as people call it */
  readonly name: string;
  /** as signatures do */
  readonly signedAs: string;
  /** before the names of operations */
  readonly prefix: string;
  readonly json: '1.0' | '1.1';
}

export interface AwsClient {
  /**
   * Throws an AwsRefusal; UNAUTHORISED; TARGET_UNAVAILABLE when no answer came after some tries of the same request:
   * then nobody knows whether it was carried out.
   */
  call(operation: string, input: JsonObject): Promise<JsonObject>;
}

const TRIES = 3;

const UNAUTHORISED = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'AccessDeniedException',
  'NotAuthorized',
]);

export function createAwsClient(service: AwsService, options: AwsServer): AwsClient {
  const { region, clock, timeoutMs = 10_000 } = options;
  const origin = new URL(options.url);
  const { host } = origin;

  const once = async (operation: string, body: string): Promise<Posted> => {
    const headers = {
      'content-type': `application/x-amz-json-${service.json}`,
      'x-amz-target': `${service.prefix}.${operation}`,
    };
    const scope = { region, service: service.signedAs };
    const signed = signedHeaders({ host, headers, body }, await options.credentials(), scope, clock.now());
    return post(origin, { headers: signed, body, timeoutMs });
  };

  return {
    async call(operation, input) {
      const body = JSON.stringify(input);
      for (let attempt = 1; ; attempt += 1) {
        const answer = await answered(() => once(operation, body));
        if (answer?.status === 200 && answer.body !== null) return answer.body;
        // an answer of 500 may come after the write, too: the same guarded request tells
        if (answer === null || answer.body === null || answer.status >= 500) {
          options.onSetback?.('unanswered');
          if (attempt >= TRIES) throw new SluiceError('TARGET_UNAVAILABLE', `${service.name} gave no answer`);
          await clock.sleep(50 * 4 ** attempt * (0.5 + Math.random()));
          continue;
        }
        const kind = String(answer.body.__type ?? 'unknown').replace(/^.*#/, '');
        if (UNAUTHORISED.has(kind)) throw new SluiceError('UNAUTHORISED', `${service.name} answers ${kind}`);
        throw new AwsRefusal(service.name, kind, answer.status, answer.body);
      }
    },
  };
}

/** null: no answer, or half of one */
async function answered(
  send: () => Promise<Posted>,
): Promise<{ readonly status: number; readonly body: JsonObject | null } | null> {
  try {
    const { status, text } = await send();
    return { status, body: text === '' ? {} : parsed(text) };
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    return null;
  }
}

function parsed(text: string): JsonObject | null {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return null;
  }
}

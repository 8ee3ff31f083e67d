import { SluiceError } from '../../core/index.ts';

export interface TaskState {
  readonly id: number;
  readonly state: string;
  /** first line of the trace of a failed task */
  readonly reason: string | null;
}

export interface ConnectorState {
  readonly name: string;
  readonly state: string;
  /** of a connector that failed before it had a task */
  readonly reason: string | null;
  readonly tasks: readonly TaskState[];
}

/** half seconds */
const PATIENCE = 120;

/** The REST API of Kafka Connect, as far as needed. Throws SOURCE_UNAVAILABLE when it does not answer. */
export class ConnectApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.replace(/\/$/, '');
  }

  /** null when there is no such connector */
  async config(name: string): Promise<Record<string, string> | null> {
    return this.#call<Record<string, string>>('GET', `/connectors/${name}/config`);
  }

  async put(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/config`, config);
  }

  async state(name: string): Promise<ConnectorState | null> {
    interface Status {
      connector: { state: string; trace?: string };
      tasks: { id: number; state: string; trace?: string }[];
    }
    const status = await this.#call<Status>('GET', `/connectors/${name}/status`);
    if (!status) return null;
    const tasks = status.tasks.map(({ id, state, trace }) => ({ id, state, reason: reasonOf(trace) }));
    return { name, state: status.connector.state, reason: reasonOf(status.connector.trace), tasks };
  }

  async restart(name: string, onlyFailed = false): Promise<void> {
    await this.#call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=${onlyFailed}`);
  }

  /** Stops its tasks and keeps its configuration; offsets can be deleted only then. */
  async stop(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/stop`);
  }

  async resume(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/resume`);
  }

  /** What the connector has stored of where it is; null when it has stored nothing, or is not there. */
  async offsets(name: string): Promise<Readonly<Record<string, unknown>> | null> {
    interface Stored {
      offsets?: { offset?: Record<string, unknown> | null }[];
    }
    const stored = await this.#call<Stored>('GET', `/connectors/${name}/offsets`);
    return stored?.offsets?.find(({ offset }) => offset != null)?.offset ?? null;
  }

  async deleteOffsets(name: string): Promise<void> {
    await this.#call('DELETE', `/connectors/${name}/offsets`);
  }

  async remove(name: string): Promise<void> {
    await this.#call('DELETE', `/connectors/${name}`);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T | null> {
    // 409: the worker is rebalancing and asks to be asked again; where many connectors come and go that takes a while
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(this.#url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(30_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch((cause: unknown) => {
        throw new SluiceError('SOURCE_UNAVAILABLE', `Kafka Connect does not answer at ${this.#url}`, { cause });
      });
      if (response.status === 404) return null;
      if (response.ok) return response.status === 204 ? null : ((await response.json().catch(() => null)) as T | null);
      const said = ((await response.json().catch(() => ({}))) as { message?: string }).message ?? '';
      const passing = response.status === 409 || response.status >= 500;
      if (!passing || attempt >= PATIENCE) {
        throw new SluiceError('CONFIG_INVALID', `Kafka Connect answers ${response.status}: ${said.slice(0, 500)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function reasonOf(trace: string | undefined): string | null {
  if (trace === undefined) return null;
  const lines = trace.split('\n');
  const cause = lines.findLast((line) => line.startsWith('Caused by:')) ?? lines[0] ?? '';
  return cause.replace(/^Caused by: /, '').slice(0, 300);
}

/** One line on a connector: RUNNING only when it and every task of it run. */
export function describeState(state: ConnectorState | null): string {
  if (!state) return 'not applied';
  if (state.state !== 'RUNNING') return state.reason === null ? state.state : `${state.state}: ${state.reason}`;
  if (state.tasks.length === 0) return 'RUNNING without a task';
  const failed = state.tasks.find((task) => task.state === 'FAILED');
  if (failed) return `FAILED: ${failed.reason ?? 'no reason given'}`;
  return state.tasks.find((task) => task.state !== 'RUNNING')?.state ?? 'RUNNING';
}

import { type Flow, type LagStage, tablesOfFlow } from '../core/index.ts';
import type { Place } from './land.ts';
import type { Landing } from './lander.ts';
import { isFast } from './landers.ts';
import type { PipelineContext } from './ports.ts';

/** Says of what is landed how long each stage up to then has taken, for every flow that is made of it. */
export class LagStages {
  readonly #context: PipelineContext;
  readonly #flows: readonly Flow[];
  readonly #ofTable = new Map<string, { readonly all: readonly string[]; readonly atOnce: readonly string[] }>();

  constructor(context: PipelineContext, flows: readonly Flow[]) {
    this.#context = context;
    this.#flows = flows;
  }

  /**
   * Of a large batch some changes are timed; towards the whole way each stands for its share of the batch, or a backlog,
   * which comes in large batches, would weigh less than what comes one by one.
   *
   * @param startedMs when the landing that is just over was begun
   */
  landed(
    { table, topic, partition: number }: Place,
    { times, streamed }: Pick<Landing, 'times' | 'streamed'>,
    startedMs: number,
  ): void {
    const flows = this.#flowsOf(table);
    if (flows.all.length === 0 || times.length === 0) return;
    const { meter, clock, ledger } = this.#context;
    const now = clock.now();
    const pipeline = ledger.pipeline;
    const observe = (flow: string, stage: LagStage, ms: number): void =>
      meter.observe('sluice_stage_duration_seconds', { pipeline, flow, stage }, Math.max(0, ms) / 1000);
    for (const [i, { sourceMs, connectorMs, logMs }] of times.entries()) {
      for (const flow of flows.all) {
        observe(flow, 'capture', (connectorMs ?? logMs) - sourceMs);
        observe(flow, 'broker', logMs - (connectorMs ?? logMs));
        observe(flow, 'queue', startedMs - logMs);
        observe(flow, 'land', now - startedMs);
      }
      // nobody else sees those again
      for (const flow of flows.atOnce)
        meter.observe(
          'sluice_e2e_latency_seconds',
          { pipeline, flow, target: 'postgres' },
          Math.max(0, now - sourceMs) / 1000,
          shareOf(i, times.length, streamed),
        );
    }
    const newest = Math.max(...times.map(({ sourceMs }) => sourceMs));
    const partition = { pipeline, topic, partition: String(number) };
    meter.gauge('sluice_last_applied_source_timestamp_seconds', partition, newest / 1000);
  }

  #flowsOf(table: string): { readonly all: readonly string[]; readonly atOnce: readonly string[] } {
    let found = this.#ofTable.get(table);
    if (!found) {
      const { migration } = this.#context;
      const all = this.#flows.filter((flow) => tablesOfFlow(migration, flow).includes(table));
      const atOnce = all.filter((flow) => isFast(flow, table));
      found = { all: all.map(({ name }) => name), atOnce: atOnce.map(({ name }) => name) };
      this.#ofTable.set(table, found);
    }
    return found;
  }
}

/** How many of the streamed ones the i-th of the timed ones stands for; whole numbers, which add up to all. */
const shareOf = (i: number, timed: number, streamed: number): number =>
  Math.floor(((i + 1) * streamed) / timed) - Math.floor((i * streamed) / timed);

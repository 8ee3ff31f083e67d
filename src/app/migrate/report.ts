import type { OpenPipeline } from '../pipeline.ts';

/** What stands of one flow after a run. */
export interface FlowReport {
  readonly flow: string;
  readonly documents: number;
  readonly parked: number;
  readonly waiting: number;
  /** documents not yet sent to a remote store */
  readonly toSend: number;
  /** roots with an issue, by its code */
  readonly issues: Readonly<Record<string, number>>;
}

export async function flowReport({ admin, pool, name }: OpenPipeline): Promise<readonly FlowReport[]> {
  const found = await pool.query<{ flow: string; code: string; n: number }>(
    `select flow, issue ->> 'code' as code, count(*)::int as n
     from sluice.root_issue, jsonb_array_elements(issues) issue where pipeline = $1 group by 1, 2 order by 1, 2`,
    [name],
  );
  return (await admin.flows()).map(({ flow, documents, parked, waiting, intents }) => {
    const issues = found.rows.filter((row) => row.flow === flow).map(({ code, n }) => [code, n] as const);
    return { flow, documents, parked, waiting, toSend: intents, issues: Object.fromEntries(issues) };
  });
}

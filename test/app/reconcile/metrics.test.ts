import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/app/metrics.ts';
import { initialise } from '../../../src/app/reconcile/metrics.ts';
import { mini } from '../../support/mini-migration.ts';

test('nothing is shown of scans and digests before the first, and of the stream engine only where it runs', async () => {
  const shownWith = async (streams: boolean): Promise<string> => {
    const metrics = createMetrics('0');
    initialise(metrics, 'mini', mini.flows, streams);
    return (await metrics.text()).replace(/^#.*\n/gm, '');
  };
  const text = await shownWith(true);
  expect(text).toContain('sluice_recon_waiting_keys{pipeline="mini"} 0');
  expect(text).not.toMatch(/sluice_recon_(digest|coverage|last_success|compared_records)/);
  expect(await shownWith(false)).not.toContain('sluice_recon_waiting_keys');
});

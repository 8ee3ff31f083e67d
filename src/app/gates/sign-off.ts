import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type GateRecord, type GateRecords, type Measurements, SluiceError } from '../../core/index.ts';
import { isSamePerson } from '../../gates/index.ts';
import { measured } from './measure.ts';
import { phaseState } from './phase.ts';

export interface Signature {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** Throws CONFIG_INVALID where there is no reason to read later. */
export function requireReason(reason: string): string {
  if (reason.trim() === '') throw new SluiceError('CONFIG_INVALID', '--reason must say something');
  return reason;
}

/** Puts a name under one record of evidence. Throws CONFIG_INVALID for one that is no PASS, or of his own request. */
export async function signOff(records: GateRecords, seq: number, { by, reason, at }: Signature): Promise<GateRecord> {
  const evidence = await records.one(seq);
  if (evidence?.kind !== 'evaluation')
    throw new SluiceError('CONFIG_INVALID', `record ${seq} is no judgement of a gate`);
  if (evidence.verdict !== 'PASS')
    throw new SluiceError('CONFIG_INVALID', `record ${seq} is a FAIL: there is nothing to sign`);
  const { requested } = await phaseState(records, evidence.migration);
  if (requested !== null && isSamePerson(requested.by, by))
    throw new SluiceError('CONFIG_INVALID', `${requested.by} has asked for the transition: somebody else has to sign`);
  return records.append({
    kind: 'sign-off',
    migration: evidence.migration,
    subject: evidence.subject,
    at,
    actor: by,
    requester: null,
    verdict: evidence.verdict,
    content: { evidence: seq, evidenceHash: evidence.hash, reason: requireReason(reason) },
  });
}

const Report = z.object({
  at: z.string(),
  pipeline: z.string(),
  types: z.array(z.object({ sampled: z.int(), missing: z.int(), faults: z.int() })).nonempty(),
  faults: z.array(z.unknown()),
});

/** Puts a name under a pack of FHIR samples. Throws CONFIG_INVALID for one with a fault, or with nothing in it. */
export async function signSamples(
  records: GateRecords,
  measurements: Measurements,
  { folder, migration }: { readonly folder: string; readonly migration: string },
  { by, reason, at }: Signature,
): Promise<GateRecord> {
  const { text, report } = readReport(folder);
  const sampled = report.types.reduce((sum, one) => sum + one.sampled, 0);
  const isWhole = report.types.every((one) => one.sampled > 0 && one.missing === 0 && one.faults === 0);
  if (!isWhole || report.faults.length > 0)
    throw new SluiceError('CONFIG_INVALID', `--samples: the pack in ${folder} has faults, or types without a sample`);
  if (report.pipeline !== migration)
    throw new SluiceError('CONFIG_INVALID', `--samples: the pack in ${folder} is not of ${migration}`);
  await refuseOlder(measurements, migration, report.at, at);
  const record = await records.append({
    kind: 'samples',
    migration,
    subject: createHash('sha256').update(text).digest('hex'),
    at,
    actor: by,
    requester: null,
    verdict: null,
    content: { packAt: report.at, sampled, reason: requireReason(reason) },
  });
  const source = `sign-off, record ${record.seq}`;
  await measurements.record(
    measured([{ figure: 'samples.signedOff', value: 1, sample: sampled }], { migration, source, at }),
  );
  return record;
}

/** A newer pack has not been looked at: a name under an older one would stand for it. */
async function refuseOlder(measurements: Measurements, migration: string, packAt: string, now: string): Promise<void> {
  // what a pack records comes after its report was written
  const later = new Date(Date.parse(packAt) + 60_000).toISOString();
  const packs = later < now ? await measurements.between(migration, 'samples.faults', later, now) : [];
  if (packs.length > 0) throw new SluiceError('CONFIG_INVALID', '--samples: a newer pack was taken; sign that one');
}

function readReport(folder: string): { readonly text: string; readonly report: z.infer<typeof Report> } {
  try {
    const text = readFileSync(join(folder, 'report.json'), 'utf8');
    return { text, report: Report.parse(JSON.parse(text)) };
  } catch {
    throw new SluiceError('CONFIG_INVALID', `--samples: ${folder} holds no report of \`sluice fhir sample-pack\``);
  }
}

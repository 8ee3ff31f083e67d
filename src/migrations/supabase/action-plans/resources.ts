import type { JsonObject } from '../../../core/index.ts';
import { type Loose, metaOf, narrative, practitioner, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { said } from '../text.ts';
import { type ActionPlanRow, categoryOf, contentTypeOf, spokenCategory } from './row.ts';

export const carePlanId = (names: Names, planId: string): string => names.resource('CarePlan', 'action-plan', planId);

export const documentReferenceId = (names: Names, planId: string): string =>
  names.resource('DocumentReference', 'action-plan-document', planId);

const authorOf = (names: Names, row: ActionPlanRow): JsonObject | null =>
  practitioner(names, row.uploaded_by, said(row.uploaded_email));

function category(names: Names, row: ActionPlanRow): Loose {
  const code = categoryOf(row);
  const coding = [{ system: names.site('CodeSystem/action-plan-category'), code: code ?? 'other' }];
  return [{ coding, text: code === null ? said(row.category) : null }];
}

export function carePlan(names: Names, row: ActionPlanRow, patientId: string, deleted: boolean): JsonObject {
  const spoken = spokenCategory(row);
  return resource({
    resourceType: 'CarePlan',
    id: carePlanId(names, row.id),
    meta: metaOf(names, 'CarePlan'),
    identifier: [{ system: names.system('action-plan'), value: row.id }],
    text: narrative(`Action plan ${spoken ?? ''}`.trim()),
    status: deleted ? 'entered-in-error' : 'active',
    intent: 'plan',
    category: category(names, row),
    title: spoken === null ? 'Allergy action plan' : `Allergy action plan: ${spoken}`,
    subject: reference('Patient', patientId),
    created: row.created_at,
    author: authorOf(names, row),
    supportingInfo: [reference('DocumentReference', documentReferenceId(names, row.id))],
  });
}

export interface FileFacts {
  readonly row: ActionPlanRow;
  readonly patientId: string;
  /** empty until the file has been copied */
  readonly copied: JsonObject;
  readonly deleted: boolean;
}

/** Where the file is, never the file itself: an address that stays, for a signed one would end within the hour. */
export function documentReference(names: Names, { row, patientId, copied, deleted }: FileFacts): JsonObject {
  const spoken = spokenCategory(row);
  const title = said(row.storage_path?.split('/').at(-1));
  return resource({
    resourceType: 'DocumentReference',
    id: documentReferenceId(names, row.id),
    meta: metaOf(names, 'DocumentReference'),
    identifier: [{ system: names.system('action-plan-document'), value: row.id }],
    text: narrative(title ?? 'Allergy action plan'),
    status: deleted ? 'entered-in-error' : 'current',
    type: {
      coding: [{ system: 'http://snomed.info/sct', code: '736055001', display: 'Action plan' }],
      text: 'Allergy action plan',
    },
    category: category(names, row),
    subject: reference('Patient', patientId),
    date: row.created_at,
    author: [authorOf(names, row)],
    description: spoken === null ? 'Action plan' : `Action plan (${spoken})`,
    content: [
      {
        attachment: {
          contentType: contentTypeOf(row),
          url: said(row.storage_path) === null ? null : names.file(row.storage_path ?? ''),
          title,
          creation: row.created_at,
          ...copied,
        },
      },
    ],
  });
}

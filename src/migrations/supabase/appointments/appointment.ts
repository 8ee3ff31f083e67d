import type { JsonObject } from '../../../core/index.ts';
import type { Clinician } from '../clinician.ts';
import { concept, type Loose, metaOf, narrative, practitioner, reference, resource } from '../fhir/elements.ts';
import { type Names, nameKey } from '../names.ts';
import { said } from '../text.ts';
import { toTheSecond } from '../time.ts';
import { APPOINTMENT_STATUS, type AppointmentRow, statusOf } from './row.ts';

const UK_CORE = 'https://fhir.hl7.org.uk';

export const appointmentId = (names: Names, legacyId: string): string =>
  names.resource('Appointment', 'appointment', legacyId);

export interface AppointmentFacts {
  readonly row: AppointmentRow;
  readonly patientId: string;
  readonly clinician: Clinician;
  /** a request of the patient to cancel it was granted */
  readonly byPatient: boolean;
  readonly deleted: boolean;
}

export function appointmentResource(names: Names, facts: AppointmentFacts): JsonObject {
  const { row, byPatient, deleted } = facts;
  // a status nobody knows cannot be told in FHIR; the appointment stands as booked, and the row says what was written
  const status = deleted ? 'entered-in-error' : (APPOINTMENT_STATUS[statusOf(row.status) ?? 'CONFIRMED'] as string);
  const notes = said(row.notes);
  return resource({
    resourceType: 'Appointment',
    id: appointmentId(names, row.id),
    meta: metaOf(names, 'Appointment'),
    identifier: [{ system: names.system('appointment'), value: row.id }],
    extension: [deliveryChannel(row.resource_type)],
    text: narrative(`Appointment ${toTheSecond(row.start_at)}`),
    status,
    // not with a no-show: app-4 as published spells that status otherwise, so that validators refuse a reason beside it
    cancelationReason:
      status === 'cancelled'
        ? concept('http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason', byPatient ? 'pat' : 'other')
        : {},
    description: notes ?? 'Consultation',
    start: row.start_at,
    end: row.end_at,
    created: row.created_at,
    comment: notes,
    participant: participants(names, facts, status),
  });
}

function deliveryChannel(resourceType: string): Loose {
  const channel = (said(resourceType) ?? '').toUpperCase() === 'TELEHEALTH' ? 'Video' : 'In-person';
  return {
    url: `${UK_CORE}/StructureDefinition/Extension-UKCore-DeliveryChannel`,
    valueCodeableConcept: {
      ...concept(`${UK_CORE}/CodeSystem/UKCore-DeliveryChannel`, channel, channel),
      text: said(resourceType),
    },
  };
}

function participants(names: Names, { row, patientId, clinician }: AppointmentFacts, status: string): Loose {
  const answer = status === 'cancelled' ? 'declined' : status === 'proposed' ? 'needs-action' : 'accepted';
  const performer = practitioner(names, clinician.userId, clinician.email);
  const room = nameKey(row.location);
  return [
    { actor: reference('Patient', patientId), status: answer },
    performer && {
      type: [concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'PPRF', 'primary performer')],
      actor: performer,
      status: 'accepted',
    },
    room !== null && {
      actor: {
        type: 'Location',
        identifier: { system: names.system('location'), value: names.location(room) },
        display: said(row.location),
      },
      status: 'accepted',
    },
  ].filter((participant) => participant !== null && participant !== false);
}

import type { JsonObject } from '../../../core/index.ts';
import type { HealthcareService } from '../documents/healthcare-service.ts';
import type { OpeningTime } from '../documents/opening-times.ts';
import { coding, identifier, reference, resource, said } from './elements.ts';

export function healthcareServiceResource(service: HealthcareService): JsonObject {
  const { telecom, openingTime } = service;
  return resource({
    resourceType: 'HealthcareService',
    id: service.id,
    identifier: [identifier('dosUid', service.identifier_oldDoS_uid)],
    active: service.status === 'active',
    providedBy: reference('Organization', service.providedBy),
    category: [{ text: service.category }],
    type: [{ text: service.type }],
    location: [reference('Location', service.location)],
    name: said(service.name),
    telecom: [
      contact('phone', telecom.phone_public, 1),
      // the second number is for those who work there
      contact('phone', telecom.phone_private, 2),
      contact('email', telecom.email),
      contact('url', telecom.web),
    ],
    eligibility: (service.ageEligibilityCriteria ?? []).map(({ rangeFrom, rangeTo }) => ({
      comment: `From ${rangeFrom} to ${rangeTo} days of age`,
    })),
    characteristic: [
      ...service.symptomGroupSymptomDiscriminators.map(({ sg, sd }) => ({
        coding: [coding('symptomPair', `${sg}-${sd}`)],
      })),
      ...service.dispositions.map((code) => ({ coding: [coding('disposition', code)] })),
    ],
    availableTime: openingTime.flatMap(weekly),
    notAvailable: openingTime.flatMap(closed),
    availabilityExceptions: said(openingTime.flatMap(exception).join('; ')),
  });
}

function contact(system: string, value: string | null, rank?: number) {
  const text = said(value);
  return text === undefined ? undefined : { system, value: text, use: 'work', rank };
}

const weekly = (time: OpeningTime) =>
  time.category !== 'availableTime'
    ? []
    : [
        {
          daysOfWeek: [time.dayOfWeek],
          availableStartTime: time.startTime,
          availableEndTime: time.endTime,
        },
      ];

/** Closed from midnight to midnight is that whole day. */
const isWholeDay = (from: string, to: string): boolean => from === '00:00:00' && /^(00:00|23:59)/.test(to);

const partsOf = ({ startTime, endTime }: OpeningTime) => {
  const [day = '', from = ''] = startTime.split('T');
  return { day, from, to: endTime.split('T')[1] ?? '' };
};

function closed(time: OpeningTime) {
  if (time.category !== 'notAvailable') return [];
  const { day, from, to } = partsOf(time);
  return isWholeDay(from, to) ? [{ description: 'Closed', during: { start: day, end: day } }] : [];
}

/** Other hours on bank holidays and on single dates: R4 has words for them only. */
function exception(time: OpeningTime): readonly string[] {
  if (time.category === 'availableTime') return [];
  if (time.category === 'availableTimePublicHolidays') return [`Bank holidays ${time.startTime} to ${time.endTime}`];
  const { day, from, to } = partsOf(time);
  if (time.category === 'availableTimeVariations') return [`${day} ${from} to ${to}`];
  return isWholeDay(from, to) ? [] : [`${day} closed ${from} to ${to}`];
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/index.ts';
import { redactResource } from '../../../src/sinks/fhir/index.ts';

const redact = (resource: JsonObject, shiftDays = -40): JsonObject =>
  redactResource(resource, { pseudonym: () => '00000000-0000-4000-8000-000000000000', shiftDays });

describe('a redacted resource', () => {
  test('keeps what kind of thing it is, and nothing of whom', () => {
    const id = 'a0000000-0000-4000-8000-000000000001';
    expect(
      redact({
        resourceType: 'Appointment',
        id,
        identifier: [{ system: 'https://example.org/id/appointment', value: id }],
        status: 'booked',
        start: '2026-03-01T10:00:00.123456Z',
        comment: 'Ottilie asked for mornings',
        participant: [
          { status: 'accepted', actor: { reference: `Patient/${id}`, display: 'Ottilie Fennimore-Quill' } },
          {
            type: [{ coding: [{ system: 'http://x', code: 'PPRF', display: 'primary performer' }], text: 'Dr Marsh' }],
          },
        ],
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Ottilie</div>' },
      }),
    ).toEqual({
      resourceType: 'Appointment',
      id: '00000000-0000-4000-8000-000000000000',
      identifier: [{ system: 'https://example.org/id/appointment', value: 'redacted' }],
      status: 'booked',
      start: '2026-01-20T10:00:00.123456Z',
      comment: 'redacted',
      participant: [
        {
          status: 'accepted',
          actor: { reference: 'Patient/00000000-0000-4000-8000-000000000000', display: 'redacted' },
        },
        { type: [{ coding: [{ system: 'http://x', code: 'PPRF', display: 'primary performer' }], text: 'redacted' }] },
      ],
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">redacted</div>' },
    });
  });

  test('has no text of its elements, whatever they are called', () => {
    const name = fc.constantFrom(
      'value',
      'text',
      'family',
      'valueString',
      'title',
      'note',
      'description',
      'display',
      'x',
    );
    fc.assert(
      fc.property(
        name,
        fc.stringMatching(/^[A-Z][a-z]{6,20} [a-z]{3}$/),
        fc.integer({ min: 1, max: 4 }),
        (key, text, depth) => {
          let resource: JsonObject = { [key]: text };
          for (let n = 0; n < depth; n += 1) resource = { element: [resource, { [key]: [text] }] };
          expect(JSON.stringify(redact(resource))).not.toContain(text);
        },
      ),
    );
  });

  test('has its times in the order they had, and only the year of a birth', () => {
    const time = fc.date({ min: new Date('1950-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(time, time, fc.integer({ min: -700, max: -30 }), (one, other, days) => {
        const moved = redact({ period: { start: one.toISOString(), end: other.toISOString() } }, days);
        const { start, end } = moved.period as { start: string; end: string };
        expect(Date.parse(end) - Date.parse(start)).toBe(other.getTime() - one.getTime());
        expect(Date.parse(start) - one.getTime()).toBe(days * 86_400_000);
      }),
    );
    expect(redact({ birthDate: '2015-06-30' })).toEqual({ birthDate: '2015' });
  });
});

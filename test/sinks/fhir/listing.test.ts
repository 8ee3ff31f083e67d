import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/index.ts';
import { fhirIds } from '../../../src/sinks/fhir/index.ts';

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
});

interface Page {
  readonly status?: number;
  readonly ids?: readonly string[];
  /** as the server names it */
  readonly next?: string;
}

async function listing(pages: readonly Page[]): Promise<{ ids: readonly string[]; asked: readonly string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const { status = 200, ids = [], next } = pages[asked.length] ?? { status: 500 };
    asked.push(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/fhir+json' });
    const entry = ids.map((id) => ({ resource: { resourceType: 'Patient', id } }));
    // what a server adds to a search that it wants to say something of
    const outcome = { resource: { resourceType: 'OperationOutcome', id: 'note' } };
    const link =
      next === undefined
        ? []
        : [
            { relation: 'self', url: '?' },
            { relation: 'next', url: next },
          ];
    response.end(JSON.stringify({ resourceType: 'Bundle', entry: [...entry, outcome], link }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir/`;
  const ids: string[] = [];
  for await (const page of fhirIds({ baseUrl, headers: {}, pipeline: 'blue_supabase', resourceType: 'Patient' }))
    ids.push(...page);
  return { ids, asked };
}

describe('listing the resources of a pipeline', () => {
  it('asks for its tag, and for nothing but ids', async () => {
    const { ids, asked } = await listing([{ ids: ['a', 'b'] }]);
    expect(ids).toEqual(['a', 'b']);
    const query = new URL(asked[0] ?? '', 'http://x').searchParams;
    expect(query.get('_tag')).toBe('https://sluice.dev/fhir/CodeSystem/pipeline|blue_supabase');
    expect(query.get('_elements')).toBe('id');
  });

  it.each([
    [
      'of the base',
      'http://inner.example:8080/fhir?_getpages=1&_bundletype=searchset',
      '/fhir/?_getpages=1&_bundletype=searchset',
    ],
    ['of a base that ends like a type', 'http://inner.example/fhir/R4?_getpages=1', '/fhir/?_getpages=1'],
    ['of the type', 'https://inner.example/r4/Patient?_cursor=x', '/fhir/Patient?_cursor=x'],
    ['without a host', 'Patient?_offset=500', '/fhir/Patient?_offset=500'],
  ])('follows a next page %s at the address it knows', async (_, next, expected) => {
    const { ids, asked } = await listing([{ ids: ['a'], next }, { ids: ['b'] }]);
    expect(ids).toEqual(['a', 'b']);
    expect(asked[1]).toBe(expected);
  });

  it('ends with an error rather than with half a list', async () => {
    const halved = listing([{ ids: ['a'], next: 'Patient?_offset=500' }, { status: 500 }]);
    await expect(halved).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
    await expect(listing([{ status: 403 }])).rejects.toMatchObject({ code: 'UNAUTHORISED' });
    await expect(listing([{ next: 'https://inner.example/fhir/next' }])).rejects.toBeInstanceOf(SluiceError);
    const again = { ids: ['a'], next: 'Patient?_offset=500' };
    await expect(listing([again, again, again])).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  });
});

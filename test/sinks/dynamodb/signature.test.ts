import { expect, it } from 'vitest';
import { signedHeaders } from '../../../src/sinks/dynamodb/signature.ts';

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'service' };
const now = Date.UTC(2015, 7, 30, 12, 36, 0);
const request = { host: 'example.amazonaws.com', headers: {}, body: '' };

it('signs as the published example of the signature does', () => {
  expect(signedHeaders(request, keys, scope, now)).toEqual({
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  });
});

it('signs body, headers, day and token, and keeps no key of another', () => {
  const signature = (...changed: Partial<Parameters<typeof signedHeaders>>): string =>
    signedHeaders(changed[0] ?? request, changed[1] ?? keys, changed[2] ?? scope, changed[3] ?? now).authorization ??
    '';
  const all = [
    signature(),
    signature({ ...request, body: '{}' }),
    signature({ ...request, headers: { 'x-amz-target': 'A' } }),
    signature(request, { ...keys, sessionToken: 'token' }),
    signature(request, { ...keys, secretAccessKey: 'other' }),
    signature(request, keys, { ...scope, region: 'eu-west-2' }),
    signature(request, keys, scope, now + 86_400_000),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(signature()).toBe(all[0]);
});

import { expect, it } from 'vitest';
import { awsEncoded, signedHeaders } from '../../src/core/index.ts';

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

// examples of the documentation of S3, for a bucket and keys that exist for it only
const s3 = {
  keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  scope: { region: 'us-east-1', service: 's3' },
  now: Date.UTC(2013, 4, 24),
};

it.each([
  [
    'a reading',
    { method: 'GET', path: '/test.txt', headers: { range: 'bytes=0-9' }, body: '' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'a writing',
    {
      method: 'PUT',
      path: `/${awsEncoded('test$file.text')}`,
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      body: 'Welcome to Amazon S3.',
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'a query without a value',
    { method: 'GET', query: { lifecycle: '' }, headers: {}, body: '' },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a query',
    { method: 'GET', query: { prefix: 'J', 'max-keys': '2' }, headers: {}, body: '' },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signs %s as the documentation of S3 does', (_what, part, wanted) => {
  const signed = signedHeaders({ host: 'examplebucket.s3.amazonaws.com', ...part }, s3.keys, s3.scope, s3.now);
  expect(signed.authorization).toMatch(new RegExp(`Signature=${wanted}$`));
});

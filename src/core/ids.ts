import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Name-based UUID, version 5 (RFC 9562). Throws a RangeError when the namespace is no UUID. */
export function uuid5(namespace: string, name: string): string {
  if (!UUID.test(namespace)) throw new RangeError('the namespace is not a UUID');
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest();
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A short one-way name for a key, for logs and dead-letter headers: no row value can be read from it. */
export function opaqueKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 16);
}

import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addressesOf, PARTS, PORTS, partsFrom, providerFrom, stackSettings } from '../../src/stack/settings.ts';

/** The message of the CONFIG_INVALID it throws. */
function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return (error as Error).message;
  }
  throw new Error('it did not refuse');
}

describe('settings', () => {
  test('have defaults without any variable', () => {
    const settings = stackSettings({}, {});
    expect(settings).toMatchObject({ home: resolve('.sluice'), without: [], provider: 'auto', password: 'sluice' });
    expect(settings.cache).toMatch(/\.cache\/sluice$/);
    expect(settings.ports).toEqual(Object.fromEntries(Object.entries(PORTS).map(([name, [, port]]) => [name, port])));
  });

  test('come from the environment', () => {
    const variables = {
      SLUICE_HOME: '/srv/sluice',
      SLUICE_CACHE: '/var/cache/sluice',
      SLUICE_WITHOUT: 'fhir, dynamodb,',
      SLUICE_PROVIDER: 'containers',
      SLUICE_PG_PASSWORD: 'other',
      PATH: '/bin',
    };
    const settings = stackSettings({}, variables);
    expect(settings).toMatchObject({
      home: '/srv/sluice',
      cache: '/var/cache/sluice',
      without: ['fhir', 'dynamodb'],
      provider: 'containers',
      password: 'other',
      environment: variables,
    });
  });

  test.each(Object.entries(PORTS))('the port of %s is changed by its variable', (name, [variable, port]) => {
    const { ports } = stackSettings({}, { [variable]: String(port + 1) });
    expect(ports).toEqual({ ...stackSettings({}, {}).ports, [name]: port + 1 });
  });

  test('what a caller gives goes before the environment', () => {
    const given = { home: 'here', without: ['fhir'] as const, provider: 'processes' as const, password: 'mine' };
    const settings = stackSettings(given, { SLUICE_HOME: '/there', SLUICE_WITHOUT: 'nobody', SLUICE_PROVIDER: 'auto' });
    expect(settings).toMatchObject({ ...given, home: resolve('here') });
  });

  test('a home is one place wherever it is used from', () => {
    expect(stackSettings({ home: 'a/../b' }, {}).home).toBe(join(resolve('.'), 'b'));
  });

  test('ports of different parts differ', () => {
    const ports = Object.values(stackSettings({}, {}).ports);
    expect(new Set(ports).size).toBe(ports.length);
  });
});

describe('a bad value is refused by the name of its variable', () => {
  test.each(['', 'x', '0', '-1', '65536', '1.5', ' '])('port %o', (text) => {
    for (const [variable] of Object.values(PORTS))
      expect(messageOf(() => stackSettings({}, { [variable]: text }))).toContain(variable);
  });

  test('a part that there is not', () => {
    const message = messageOf(() => stackSettings({}, { SLUICE_WITHOUT: 'fhir,redis' }));
    expect(message).toContain('SLUICE_WITHOUT');
    expect(message).toContain("'redis'");
    for (const part of PARTS) expect(message).toContain(part);
  });

  test.each(['postgres', 'kafka'])('%s, on which all rests, left out', (part) => {
    expect(messageOf(() => stackSettings({}, { SLUICE_WITHOUT: part }))).toMatch(/SLUICE_WITHOUT.*cannot be left out/);
  });

  test('a provider that there is not', () => {
    const message = messageOf(() => stackSettings({}, { SLUICE_PROVIDER: 'podman' }));
    expect(message).toContain('SLUICE_PROVIDER');
    expect(message).toContain("'podman'");
  });

  test('an option of the command line has no variable to name', () => {
    expect(messageOf(() => partsFrom('redis'))).not.toContain('SLUICE_');
    expect(messageOf(() => providerFrom('podman'))).not.toContain('SLUICE_');
  });
});

describe('addresses', () => {
  const given = stackSettings({ password: 'secret' }, { SLUICE_REGISTRY_PORT: '1081', SLUICE_KAFKA_PORT: '1092' });

  test('follow the ports', () => {
    expect(addressesOf(given, false)).toMatchObject({
      postgres: { host: '127.0.0.1', port: 25432, user: 'postgres', password: 'secret' },
      kafka: ['127.0.0.1:1092'],
      registry: 'http://127.0.0.1:1081/apis/ccompat/v7',
      registryNative: 'http://127.0.0.1:1081/apis/registry/v2',
      fhir: 'http://127.0.0.1:25080/fhir',
    });
  });

  test('inside are the same for processes, and services for containers', () => {
    expect(addressesOf(given, false).inside).toEqual({
      postgres: { host: '127.0.0.1', port: 25432 },
      kafka: '127.0.0.1:1092',
      registryNative: 'http://127.0.0.1:1081/apis/registry/v2',
    });
    expect(addressesOf(given, true).inside).toEqual({
      postgres: { host: 'postgres', port: 5432 },
      kafka: 'kafka:19092',
      registryNative: 'http://registry:8080/apis/registry/v2',
    });
  });
});

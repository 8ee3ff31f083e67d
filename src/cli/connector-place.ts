import type { ConnectorPlace } from '../source/index.ts';
import { addresses, stackSettings } from '../stack/index.ts';
import { configOf } from './context.ts';

/** The addresses a connector is given are those Connect sees, which differ from ours inside containers. */
export function connectorPlace(migration: string): ConnectorPlace {
  const config = configOf();
  const { inside } = addresses(stackSettings());
  const source = new URL(config.sourceUrl(migration));
  const own = config.connectGiven;
  return {
    connectUrl: config.connect,
    sourceUrl: config.sourceUrl(migration),
    variables: {
      'postgres.host': own ? source.hostname : inside.postgres.host,
      'postgres.port': own ? source.port || '5432' : String(inside.postgres.port),
      'postgres.user': decodeURIComponent(source.username),
      'postgres.database': source.pathname.slice(1),
      kafka: own ? config.kafka.join(',') : inside.kafka,
      registry: own ? config.registryNative : inside.registryNative,
    },
  };
}

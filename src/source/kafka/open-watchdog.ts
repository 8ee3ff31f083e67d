import { SluiceError } from '../../core/index.ts';
import type { GroupMembership, KafkaClientOptions } from './membership.ts';
import { StallWatchdog } from './stall-watchdog.ts';

/** A watchdog over a membership's partitions that starts the client anew, and in the end gives up. */
export function openWatchdog(
  { group, log, stallSeconds, onFatal }: KafkaClientOptions,
  membership: GroupMembership,
  paused: ReadonlySet<string>,
): StallWatchdog {
  return new StallWatchdog({
    seconds: stallSeconds ?? 10,
    ends: (topic) => membership.logs.offsets(topic),
    committed: (topic) => membership.logs.committed(group, topic),
    assigned: () => membership.fetchable.filter(({ topic, partition }) => !paused.has(`${topic}/${partition}`)),
    onStall: () => {
      log.warn('the client fetches nothing though there is something to fetch: it is started anew');
      void membership.restart();
    },
    onFatal: () => onFatal(new SluiceError('BROKER_UNAVAILABLE', 'the Kafka client does not recover')),
  });
}

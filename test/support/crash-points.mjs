// Preloaded into a worker (`node --import`): ends it by SIGKILL when it reaches the point named by SLUICE_CRASH_AT for
// the n-th time (`point:n`). The product itself knows nothing of this: calls of its ports and libraries are watched.
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import kafkajs from 'kafkajs';
import pg from 'pg';

const [point = '', times = '1'] = (process.env.SLUICE_CRASH_AT ?? '').split(':');
let left = Number(times);

/** Ends the process as a power cut would: nothing is flushed, nothing is awaited. */
const die = () => process.kill(process.pid, 'SIGKILL');
const reach = (name) => {
  if (name !== point) return;
  left -= 1;
  if (left <= 0) die();
};

// A group of its own: a member that died is missed only after its session, and where a worker goes on is the ledger's
// to say. So no time is lost, and a predecessor that still holds the partitions of the real group is no help.
const { consumer } = kafkajs.Kafka.prototype;
kafkajs.Kafka.prototype.consumer = function apart(options) {
  return consumer.call(this, { ...options, groupId: `${options.groupId}.${process.pid}` });
};

const AFTER = {
  'progress-moved': /^update sluice\.progress set next_offset/,
  landed: /^insert into sluice\."landed__/,
  derived: /^insert into sluice\.document/,
  'marks-deleted': /^delete from sluice\.mark where id/,
  'intent-written': /^insert into sluice\.intent/,
  acknowledged: /^update sluice\.document d set acked/,
  parked: /^insert into sluice\.parked/,
  retried: /^with closed as \(/,
  committed: /^commit$/,
};

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function watched(...args) {
  const text = String(typeof args[0] === 'string' ? args[0] : (args[0]?.text ?? '')).trim();
  if (text === 'commit') reach('before-commit');
  const result = query.apply(this, args);
  if (text === 'commit' && point === 'commit-sent') {
    left -= 1;
    // the bytes leave with this turn of the loop; the answer comes in a later one
    if (left <= 0) setImmediate(die);
  }
  const after = AFTER[point];
  if (!after?.test(text) || typeof result?.then !== 'function') return result;
  return result.then((answer) => {
    reach(point);
    return answer;
  });
};

/** The bytes are handed to the operating system at once, and the answer comes later. */
const sending = () => {
  if (point !== 'request-sent') return;
  left -= 1;
  if (left <= 0) setTimeout(die, 4);
};
const isProbe = (body) => String(body).includes('sluice-probe-');

const plainFetch = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const isWrite = (options?.method === 'PUT' || options?.method === 'POST') && String(url).includes('/fhir');
  const isWatched = isWrite && !isProbe(options.body);
  if (isWatched) sending();
  const answer = await plainFetch(url, options);
  if (isWatched) reach('request-done');
  return answer;
};

const plainRequest = http.request;
http.request = function watched(options, onAnswer) {
  const sent = plainRequest.call(this, options, onAnswer);
  if (!/(TransactWriteItems|PutItem)$/.test(options?.headers?.['x-amz-target'] ?? '')) return sent;
  const { end } = sent;
  sent.end = function watchedEnd(body) {
    if (!isProbe(body)) {
      sent.prependOnceListener('response', (answer) => answer.prependOnceListener('end', () => reach('request-done')));
      sending();
    }
    return end.call(sent, body);
  };
  return sent;
};
syncBuiltinESMExports();

const { FetchClient } = await import('../../dist/source/kafka/fetch-client.js');
const { KafkajsClient } = await import('../../dist/source/kafka/kafkajs-client.js');
const { AvroSchemas } = await import('../../dist/source/decode/avro.js');
for (const { prototype } of [FetchClient, KafkajsClient]) {
  const { run, close, commitAdvisory } = prototype;
  prototype.run = function watched(onBatch) {
    return run.call(this, (batch) => {
      reach('fetched');
      onBatch(batch);
    });
  };
  prototype.commitAdvisory = function watched(offsets) {
    reach('kafka-commit');
    return commitAdvisory.call(this, offsets);
  };
  prototype.close = function watched() {
    reach('drain');
    return close.call(this);
  };
}
const { decode } = AvroSchemas.prototype;
AvroSchemas.prototype.decode = function watched(buffer) {
  const value = decode.call(this, buffer);
  reach('decoded');
  return value;
};

// Preloaded into a worker (`node --import`): on SIGWINCH (others end the worker) what it has of Kafka goes silent without
// an error and without a close, as clients and networks do. What is made afterwards works, so that only who makes anew
// gets on.
import { createRequire } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const ports = new Set(
  (process.env.SLUICE_KAFKA_BROKERS ?? '').split(',').map((broker) => Number(broker.split(':')[1])),
);
const never = () => new Promise(() => undefined);

const WAYS = {
  /** fetches never come back; whatever else the client asks is answered, heartbeats included */
  fetches() {
    const Broker = require('kafkajs/src/broker');
    const { fetch } = Broker.prototype;
    const known = new WeakSet();
    let live = [];
    Broker.prototype.fetch = function watched(request) {
      if (!known.has(this)) live.push(new WeakRef(this));
      known.add(this);
      if (this.isSilent) return never();
      const answer = fetch.call(this, request);
      return answer.then((records) => (this.isSilent ? never() : records));
    };
    return () => {
      for (const ref of live) {
        const broker = ref.deref();
        if (broker) broker.isSilent = true;
      }
      live = [];
    };
  },
  /** every connection to the broker turns into a hole: bytes go in, none come out, nobody hangs up */
  connections() {
    const { connect } = net;
    let open = [];
    net.connect = function watched(...args) {
      const socket = connect.apply(this, args);
      if (ports.has(args[0]?.port)) open.push(socket);
      return socket;
    };
    return () => {
      for (const socket of open) {
        const { emit } = socket;
        socket.emit = (name, ...args) => (name === 'data' ? true : emit.call(socket, name, ...args));
        socket.write = () => true;
      }
      open = [];
    };
  },
};

const silence = WAYS[process.env.SLUICE_SILENCE]();
process.on('SIGWINCH', () => {
  silence();
  process.stderr.write('the client is silent now\n');
});

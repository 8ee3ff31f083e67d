// Preloaded into a worker (`node --import`): on SIGWINCH (others end the worker) what it has of Kafka goes silent without
// an error and without a close, as clients and networks do. What is made afterwards works, so that only who makes anew
// gets on.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const ports = new Set(
  (process.env.SLUICE_KAFKA_BROKERS ?? '').split(',').map((broker) => Number(broker.split(':')[1])),
);
const never = () => new Promise(() => undefined);

const WAYS = {
  /** fetches never come back; whatever else the client asks is answered, heartbeats included */
  async fetches() {
    const { BrokerConnection } = await import('../../dist/source/kafka/connection.js');
    const known = new WeakSet();
    let live = [];
    const watch = (prototype, name) => {
      const ask = prototype[name];
      prototype[name] = function watched(...request) {
        if (!known.has(this)) live.push(new WeakRef(this));
        known.add(this);
        if (this.isSilent) return never();
        return ask.apply(this, request).then((records) => (this.isSilent ? never() : records));
      };
    };
    watch(require('kafkajs/src/broker').prototype, 'fetch');
    watch(BrokerConnection.prototype, 'request');
    return () => {
      for (const ref of live) {
        const broker = ref.deref();
        if (broker) broker.isSilent = true;
      }
      live = [];
    };
  },
  /** every connection to the broker turns into a hole: bytes go in, none come out, nobody hangs up */
  async connections() {
    const { connect } = net;
    let open = [];
    net.connect = function watched(...args) {
      const socket = connect.apply(this, args);
      if (ports.has(args[0]?.port)) open.push(socket);
      return socket;
    };
    syncBuiltinESMExports();
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

const silence = await WAYS[process.env.SLUICE_SILENCE]();
process.on('SIGWINCH', () => {
  silence();
  process.stderr.write('the client is silent now\n');
});

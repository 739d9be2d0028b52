import { ProtoReader } from '../../../protobuf/reader.js';
import { bytesField, stringField } from '../../../protobuf/writer.js';
import type { Reader } from '../storage/reader.js';
import { Responses } from './responses.js';
import type { Service } from './service.js';

const defaultPeriodMs = 30_000;
const leastPeriodMs = 100;

const statistics = (reader: Reader): Readonly<Record<string, number>> => {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    'proc-mem': rss,
    'proc-heap': heapUsed,
    'proc-uptime': process.uptime(),
    'es-log-last-position': reader.lastPosition,
  };
};

/** The Monitoring service: a few figures of the server, again and again. */
export const monitoring = (reader: Reader): Service => ({
  name: 'event_store.client.monitoring.Monitoring',
  methods: {
    Stats: {
      kind: 'server-stream',
      serve: async (call) => {
        const responses = new Responses(call);
        const send = () => {
          const entries = Object.entries(statistics(reader)).map(([key, value]) =>
            bytesField(1, stringField(1, key), stringField(2, String(value))),
          );
          responses.send(Buffer.concat(entries));
        };
        send();
        const timer = setInterval(send, Math.max(leastPeriodMs, readPeriod(call.request)));
        await new Promise<void>((resolve) => responses.onEnd(resolve));
        clearInterval(timer);
      },
    },
  },
});

const readPeriod = (request: Buffer): number => {
  const message = new ProtoReader(request);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 4) return message.varint() || defaultPeriodMs;
    message.skip();
  }
  return defaultPeriodMs;
};

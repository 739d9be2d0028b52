import { connect } from 'node:net';

/**
 * Many clients of either server. All they do is count messages, which the system makes as cheap as it
 * can: it is the servers that are compared.
 */
export type ToClients = Readonly<{
  open: number;
  port: number;
  ids: 'one' | 'own';
}>;

/** The clients are open; all of them have so many messages. */
export type FromClients = 'open' | 'lost' | Readonly<{ arrived: number }>;

const say = (what: FromClients) => process.send?.(what);

let clients = 0;
/** How many messages all clients have, and how many clients have each of those that come next. */
let arrived = 0;
const reached: number[] = [];
let told = 0;

const tell = () => {
  told = arrived;
  say({ arrived });
};

/** Whoever has a message has those before it: each gets them in order. */
const reach = (nth: number) => {
  const at = nth - arrived - 1;
  reached[at] = (reached[at] ?? 0) + 1;
  if (at > 0 || reached[0] !== clients) return;
  reached.shift();
  arrived += 1;
  if (arrived === told + 1) setImmediate(tell);
};

const isServedAfter = 2;

/** Counts the frames in what arrives. Only the beginning of a frame is looked at (RFC 6455, 5.2). */
const frameCounter = (onFrame: () => void) => {
  let head = Buffer.alloc(0);
  let rest = 0;
  return (chunk: Buffer) => {
    let at = Math.min(rest, chunk.length);
    rest -= at;
    while (at < chunk.length) {
      const seen = head.length > 0 ? Buffer.concat([head, chunk.subarray(at, at + 10)]) : chunk;
      const from = head.length > 0 ? 0 : at;
      const before = head.length;
      const short = (seen[from + 1] ?? 0) & 0x7f;
      const size = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (seen.length - from < size) {
        head = Buffer.concat([head, chunk.subarray(at)]);
        return;
      }
      const length =
        size === 10
          ? seen.readUIntBE(from + 4, 6)
          : size === 4
            ? seen.readUInt16BE(from + 2)
            : short;
      head = Buffer.alloc(0);
      at += size - before;
      const taken = Math.min(length, chunk.length - at);
      rest = length - taken;
      at += taken;
      onFrame();
    }
  };
};

const shared = Buffer.alloc(256 * 1024);

const open = (port: number, id: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let messages = 0;
    let isOpen = false;
    let isServed = 0;
    const count = frameCounter(() => {
      if (isServed < isServedAfter) {
        isServed += 1;
        if (isServed === isServedAfter) resolve();
        return;
      }
      messages += 1;
      reach(messages);
    });
    const onData = (length: number) => {
      const chunk = shared.subarray(0, length);
      if (isOpen) return count(chunk);
      const end = chunk.indexOf('\r\n\r\n');
      if (!chunk.toString('latin1', 0, 12).endsWith('101')) reject(new Error(String(chunk)));
      isOpen = true;
      const ask = Buffer.from(JSON.stringify({ op: 'subscribe', id, filter: {} }));
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | ask.length, 0, 0, 0, 0]), ask]));
      return count(chunk.subarray(end + 4));
    };
    const onread = {
      buffer: shared,
      callback: (length: number) => {
        onData(length);
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread });
    socket.on('error', reject);
    socket.on('close', () => say('lost'));
    socket.write(
      'GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
  });

const atOnce = 50;

process.on('message', async (asked: ToClients) => {
  for (clients = 0; clients < asked.open; ) {
    const first = clients;
    const some = Array.from({ length: Math.min(atOnce, asked.open - first) }, (_, i) => first + i);
    clients += some.length;
    await Promise.all(
      some.map((n) => open(asked.port, asked.ids === 'one' ? 'feed' : `feed-${n}`)),
    );
  }
  say('open');
});
process.on('disconnect', () => process.exit());

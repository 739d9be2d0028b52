import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What a client asks for; an administrator it is without a user. */
type Asked = Readonly<{ user?: string | undefined; filter: object }>;

/** What is asked of a process with clients of the feed: to open them, or to say what they were told. */
export type ToListeners =
  | Readonly<{
      url: string;
      wants: readonly Asked[];
      /** Acknowledges one event of the past and never reads again. */
      isIdle: boolean;
    }>
  /** How many events each is to wait for. */
  | Readonly<{ expected: readonly number[] }>;

/** What a client was told: the positions of events, and how it was closed. */
export type Heard = Readonly<{
  positions: readonly string[];
  closed: Readonly<{ code: number; reason: string }> | undefined;
}>;

type Message = Readonly<{ op: string; position?: string; event?: { position: string } }>;

const limitMs = 45_000;
const atOnce = 50;

class Listener {
  readonly positions: string[] = [];
  closed: Heard['closed'];
  caughtUp: string | undefined;
  pongs = 0;
  #wake: () => void = () => undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
  }

  #hear({ op, event, position }: Message): void {
    if (event) this.positions.push(event.position);
    if (op === 'caughtUp') this.caughtUp = position;
    if (op === 'pong') this.pongs += 1;
    this.#wake();
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Settles once a condition holds, the connection is closed, or it takes too long. */
  until(condition: () => boolean): Promise<void> {
    if (condition() || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#wake = () => {
        if (!condition() && !this.closed) return;
        clearTimeout(limit);
        resolve();
      };
    });
  }
}

const listeners: Listener[] = [];

const open = async (url: string, { user, filter }: Asked, isIdle: boolean): Promise<Listener> => {
  const headers = user === undefined ? {} : { 'X-User-Id': user };
  const socket = new WebSocket(`${url}/v1/feed`, 'forkline.v1', { headers });
  const listener = new Listener(socket);
  await once(socket, 'open');
  listener.say({ op: 'subscribe', id: 'a', filter });
  await listener.until(() => listener.caughtUp !== undefined);
  if (!isIdle) return listener;
  listener.say({ op: 'ack', id: 'a', position: listener.caughtUp });
  listener.say({ op: 'ping' });
  await listener.until(() => listener.pongs > 0);
  socket.pause();
  return listener;
};

/** What each was told, once it was told as much as it is to wait for and whatever was sent with it. */
const report = async (expected: readonly number[]): Promise<readonly Heard[]> => {
  const hearing = listeners.map(async (listener, n) => {
    const { socket, positions } = listener;
    const isIdle = socket.isPaused;
    socket.resume();
    await listener.until(() => positions.length >= (expected[n] ?? 0));
    if (isIdle || listener.closed) return;
    const before = listener.pongs;
    listener.say({ op: 'ping' });
    await listener.until(() => listener.pongs > before);
  });
  await Promise.all(hearing);
  const heard = listeners.map(({ positions, closed }) => ({ positions, closed }));
  for (const { socket } of listeners) socket.terminate();
  return heard;
};

process.on('message', async (asked: ToListeners) => {
  if ('expected' in asked) {
    process.send?.(await report(asked.expected));
    return;
  }
  const { url, wants, isIdle } = asked;
  for (let n = 0; n < wants.length; n += atOnce) {
    const some = wants.slice(n, n + atOnce).map((want) => open(url, want, isIdle));
    listeners.push(...(await Promise.all(some)));
  }
  process.send?.('open');
});
process.on('disconnect', () => process.exit());

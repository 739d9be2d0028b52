import { connect, type Socket } from 'node:net';

// A client that does next to nothing, since what is measured is the program: sockets, whole requests, and of
// answers the status and the length. That of Node takes about as long for a request as a server does.

type Waiting = Readonly<{ resolve(answer: string): void; reject(error: Error): void }>;

/** A connection, which has one request under way at a time. */
type Line = Readonly<{
  socket: Socket;
  /** @throws Error when the answer is not one of success, or the connection is lost */
  ask(request: string): Promise<string>;
}>;

const endOfHead = Buffer.from('\r\n\r\n');

/** @param onEnd told once the connection is of no use any more */
const openLine = (url: URL, onEnd: () => void): Line => {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let waiting: Waiting | undefined;
  let received: Buffer = Buffer.alloc(0);
  const end = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
    onEnd();
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the server closed the connection')));
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const head = received.indexOf(endOfHead);
    if (head < 0) return;
    const text = received.toString('latin1', 0, head);
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
    const start = head + endOfHead.length;
    if (received.length < start + length) return;
    const answer = received.toString('utf8', start);
    const { resolve, reject } = waiting ?? { resolve: () => {}, reject: () => {} };
    received = Buffer.alloc(0);
    waiting = undefined;
    if (/^HTTP\/1\.1 2/.test(text)) resolve(answer);
    else reject(new Error(`${text}\n${answer}`));
  });
  return {
    socket,
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
  };
};

/** Connections of each server that have nothing to do. */
const idle = new Map<string, Set<Line>>();

const idleOf = (url: string): Set<Line> => {
  const known = idle.get(url);
  if (known) return known;
  const made = new Set<Line>();
  idle.set(url, made);
  return made;
};

const askOver = async (url: string, request: string): Promise<string> => {
  const lines = idleOf(url);
  const [kept] = lines;
  const line = kept ?? openLine(new URL(url), () => lines.delete(line));
  lines.delete(line);
  line.socket.ref();
  try {
    return await line.ask(request);
  } catch (error) {
    // The server may close a connection that was idle in the moment in which it is used again.
    if (!(kept && line.socket.destroyed)) throw error;
  } finally {
    line.socket.unref();
    if (!line.socket.destroyed) lines.add(line);
  }
  return askOver(url, request);
};

/** Posts JSON over a connection that is kept for the next one. @throws Error when the answer is not one of success */
export const post = async <Answer>(url: string, path: string, body: object): Promise<Answer> => {
  const text = JSON.stringify(body);
  const request = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `\r\n${text}`,
  ].join('\r\n');
  return JSON.parse(await askOver(url, request)) as Answer;
};

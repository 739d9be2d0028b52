import { connect, type Socket } from 'node:net';
import { type Answer, answersTo } from '../http/support/answers.js';

// A client that does next to nothing, since what is measured is the program: sockets, whole requests, and of
// answers the status and the length. That of Node takes about as long for a request as a server does.

type Waiting = Readonly<{ resolve(answer: string): void; reject(error: Error): void }>;

/** A connection, which has one request under way at a time. */
type Line = Readonly<{
  socket: Socket;
  /** @throws Error when the answer is not one of success, or the connection is lost */
  ask(request: string): Promise<string>;
}>;

/** @param onEnd told once the connection is of no use any more */
const openLine = (url: URL, onEnd: () => void): Line => {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let waiting: Waiting | undefined;
  const end = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
    onEnd();
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the server closed the connection')));
  const onAnswer = ({ isSuccess, head, body }: Answer) => {
    const asked = waiting;
    waiting = undefined;
    if (isSuccess) asked?.resolve(String(body));
    else asked?.reject(new Error(`${head}\n${body}`));
  };
  socket.on('data', answersTo(onAnswer));
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
export const post = async <Made>(url: string, path: string, body: object): Promise<Made> => {
  const text = JSON.stringify(body);
  const request = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `\r\n${text}`,
  ].join('\r\n');
  return JSON.parse(await askOver(url, request)) as Made;
};

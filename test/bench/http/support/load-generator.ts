import { connect } from 'node:net';
import { type Answer, answersTo } from './answers.js';

/** What to ask for, on how many connections at once, and for how long. */
export type Turn = Readonly<{
  url: string;
  /** Whole requests, as they go over the wire; connection n sends those at n, n + inFlight and so on. */
  requests: readonly string[];
  inFlight: number;
  ms: number;
}>;

/** How many requests were answered, in how many milliseconds. */
export type Done = Readonly<{ answered: number; ms: number }>;

// A client that does next to nothing, in a process of its own: sockets, whole requests, and of answers
// the status and the length.

/** Sends requests one after another over one connection until `isOver`. @returns how many were answered */
const talk = (
  { url, requests, inFlight }: Turn,
  n: number,
  isOver: () => boolean,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let next = n;
    let answered = 0;
    const ask = () => {
      socket.write(requests[next % requests.length] ?? '');
      next += inFlight;
    };
    socket.on('connect', ask);
    socket.on('error', reject);
    const onAnswer = ({ isSuccess, head, body }: Answer) => {
      if (!isSuccess) reject(new Error(`${head}\n${body}`));
      answered += 1;
      if (!isOver()) return ask();
      socket.end();
      resolve(answered);
    };
    socket.on('data', answersTo(onAnswer));
  });

process.on('message', async (turn: Turn) => {
  const began = performance.now();
  const isOver = () => performance.now() - began > turn.ms;
  const connections = Array.from({ length: turn.inFlight }, (_, n) => talk(turn, n, isOver));
  const answered = (await Promise.all(connections)).reduce((sum, each) => sum + each, 0);
  process.send?.({ answered, ms: performance.now() - began } satisfies Done);
});

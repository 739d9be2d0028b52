import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import type { Reply } from './api.js';

/** Sends bytes as they are, and reads until the server closes; 10 s at most. */
export const sendRaw = async (url: string, bytes: string | Buffer): Promise<Reply<unknown>> => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(bytes);
  const leaving = new AbortController();
  const late = after(10_000, undefined, { signal: leaving.signal }).then(
    () => socket.destroy(new Error('the server did not close the connection')),
    () => undefined,
  );
  try {
    return replyIn(await text(socket));
  } finally {
    leaving.abort();
    await late;
    socket.destroy();
  }
};

/** The one answer in what was read. */
const replyIn = (read: string): Reply<unknown> => {
  const [head = '', ...rest] = read.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const body = rest.join('\r\n\r\n');
  return {
    ...{ status: Number(first.split(' ')[1]), headers, text: body },
    body: body === '' ? undefined : (JSON.parse(body) as unknown),
  };
};

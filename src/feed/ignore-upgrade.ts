import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Whether a request asks to go on as a WebSocket (RFC 6455, 4.1). */
export const asksForWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';

/**
 * Serves a request as if it had not asked for another protocol, which a server may (RFC 9110, 7.8).
 * Before 24.9, Node gives up reading any request that asks for one as soon as someone listens for upgrades;
 * Java's HTTP client asks for HTTP/2 with each request. So the request is put back, without the asking.
 *
 * @param head what was read of the connection after the request's headers
 */
export const ignoreUpgrade = (
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void => {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const kept = withoutUpgrade(name.toLowerCase(), value);
    if (kept !== '') lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
};

const upgrading = ['upgrade', 'http2-settings'];

/** What is left of a header's value. */
const withoutUpgrade = (name: string, value: string): string => {
  if (upgrading.includes(name)) return '';
  if (name !== 'connection') return value;
  const options = value.split(',').map((option) => option.trim());
  return options.filter((option) => !upgrading.includes(option.toLowerCase())).join(', ');
};

import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem.js';

/**
 * Refuses what a page of some site may have its visitor's browser send to this machine, where callers
 * are known without a token. A page whose own name comes to point to a loopback address (DNS
 * rebinding) is told by the Host header, one that sends across sites by its Origin. A user can be
 * named in a header by none of them: where one is, something else asks, such as a proxy.
 *
 * @param allowedOrigins sites whose pages are let in
 * @throws Problem `host-not-allowed`, `origin-not-allowed`
 */
export const refuseForeign = (
  { headers }: Pick<IncomingMessage, 'headers'>,
  allowedOrigins: readonly string[],
): void => {
  if (!isLocalName(hostnameOf(`http://${headers.host ?? ''}`)))
    throw new Problem(
      'host-not-allowed',
      'where no token is needed, the name has to be a local one',
    );
  const { origin } = headers;
  if (origin === undefined || headers['x-user-id'] !== undefined) return;
  if (!isLocalName(hostnameOf(origin)) && !allowedOrigins.includes(origin))
    throw new Problem(
      'origin-not-allowed',
      'where no token is needed, pages of other sites are kept out',
    );
};

const hostnameOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '');

const isLocalName = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

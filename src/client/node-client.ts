import { ForklineClient as WebClient } from './client.js';
import { exchangeOverNode } from './node-exchange.js';
import { openNodeFeedSocket } from './node-feed-socket.js';
import type { ClientOptions } from './transport.js';

export type * from './client.js';
export { ForklineError, TaskFailure } from './client.js';

/**
 * The client, on Node: there the feed says who calls in headers, and hears why it is refused, and short requests
 * go by Node's own HTTP client.
 */
export class ForklineClient extends WebClient {
  /** @throws TypeError when the address is not a URL */
  constructor(options: ClientOptions) {
    const openSocket = options.WebSocket === undefined ? openNodeFeedSocket : undefined;
    super(options, { openSocket, exchange: exchangeOverNode });
  }
}

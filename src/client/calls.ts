import { checkpointsOver, executionsOver } from './executions.js';
import { feedOver } from './feed.js';
import type { OpenFeedSocket } from './feed-socket.js';
import { interruptsOver } from './interrupts.js';
import type { LatestPosition } from './latest-position.js';
import { operationsOver } from './operations.js';
import { searchOver } from './search.js';
import { sessionsOver } from './sessions.js';
import { streamsOver } from './streams.js';
import { queuesOver, tasksOver } from './tasks.js';
import { type ClientOptions, type Exchange, httpTransport } from './transport.js';
import { webhooksOver } from './webhooks.js';
import { workersOver } from './workers.js';

export type CallSettings = Readonly<{
  openSocket: OpenFeedSocket;
  exchange?: Exchange | undefined;
  latest: LatestPosition;
  isConsistent: boolean;
  closing: AbortSignal;
}>;

/** Everything that can be asked of a server. @throws TypeError when its address is not a URL */
export const callsOver = (client: ClientOptions, { openSocket, ...settings }: CallSettings) => {
  const http = httpTransport(client, settings);
  // A worker has a patience of its own, and what it has to say when it is stopped.
  const worker = { ...settings, closing: new AbortController().signal };
  const impatient = httpTransport({ ...client, retryForMs: 0 }, worker);
  return {
    sessions: sessionsOver(http),
    messages: searchOver(http),
    executions: executionsOver(http),
    checkpoints: checkpointsOver(http),
    interrupts: interruptsOver(http),
    streams: streamsOver(http),
    operations: operationsOver(http),
    tasks: tasksOver(http),
    queues: queuesOver(http),
    workers: workersOver(http, impatient, settings.closing),
    webhooks: webhooksOver(http),
    feed: feedOver({ client, openSocket, closing: settings.closing }),
  };
};

/** The calls, grouped by what they are about. */
export type Calls = Readonly<ReturnType<typeof callsOver>>;

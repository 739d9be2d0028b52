import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../commands/request.js';
import { closeTimeoutMs } from './close-timeout.js';
import type { Feed } from './feed.js';
import type { FeedEvent } from './feed-event.js';
import { paceBy } from './pace.js';
import { perEvent } from './per-event.js';
import { problemAnswer, type Refusal, stopping } from './refusal.js';
import { parseSseQuery } from './sse-query.js';
import { whileAdmitted } from './while-admitted.js';

export type SseOptions = Readonly<{
  /** Whether the client still is who it was let in as; it may stay by default. */
  mayStay?: () => Promise<boolean>;
  /** How often that is asked. 60 s by default. */
  mayStayEveryMs?: number;
  /** How often a comment is sent that keeps the connection alive. 15 s by default. */
  keepAliveMs?: number;
  /** The most that may wait to be sent, in bytes, before the client is too slow and has to come back. 1 MiB by default. */
  bufferedBytes?: number;
  /** How much may wait to be sent, in bytes, before reading of the past is held back. 256 KiB by default. */
  pacedBytes?: number;
}>;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  // nginx would otherwise hold events back until it has some kilobytes of them.
  'X-Accel-Buffering': 'no',
};

// How many times in a row nothing may be taken before a client counts as gone.
const MOST_STANDSTILLS = 2;

/**
 * Answers a request with the feed as server-sent events. The query says what to send, the header
 * `Last-Event-ID`, which a browser sends when it comes back, after which position. Ends when the
 * client goes, when it is too slow, and when the feed stops; a browser then comes back by itself.
 */
export const serveFeedEvents = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  feed: Feed,
  options: SseOptions = {},
): void => {
  const { keepAliveMs = 15_000, mayStay, mayStayEveryMs = 60_000 } = options;
  const { bufferedBytes = 1024 * 1024, pacedBytes = 256 * 1024 } = options;

  const asked = parseSseQuery(request);
  if ('errors' in asked) {
    refuse(request, response, badRequest(asked.errors));
    return;
  }
  if (feed.isStopping()) {
    refuse(request, response, stopping);
    return;
  }

  const pace = paceBy(() => response.writableLength < pacedBytes);
  let taken = 0;
  let isEnding = false;
  let unfollow: () => void = () => undefined;

  const end = () => {
    if (isEnding) return;
    isEnding = true;
    unfollow();
    response.end();
    const late = setTimeout(() => response.destroy(), closeTimeoutMs).unref();
    response.once('close', () => clearTimeout(late));
  };

  const send = (text: string | Buffer) => {
    if (isEnding || response.destroyed) return;
    if (response.writableLength > bufferedBytes) {
      const { userId } = caller;
      feed.watch.tooSlow('sse');
      feed.log.info({ userId }, 'a client of the feed was let go: it is too slow');
      end();
      return;
    }
    response.write(text, () => {
      taken += 1;
      pace.moved();
    });
  };

  let takenBefore = 0;
  let standstills = 0;
  const keepAlive = setInterval(() => {
    const isWaiting = response.writableLength > 0;
    standstills = isWaiting && taken === takenBefore ? standstills + 1 : 0;
    takenBefore = taken;
    if (standstills >= MOST_STANDSTILLS) response.destroy();
    else if (!isWaiting) send(':\n\n');
  }, keepAliveMs).unref();

  if (mayStay) response.once('close', whileAdmitted(mayStay, mayStayEveryMs, end));
  feed.watch.opened('sse');
  response.once('close', () => {
    feed.watch.closed('sse');
    isEnding = true;
    clearInterval(keepAlive);
    unfollow();
  });
  response.on('error', (err) =>
    feed.log.debug({ err }, 'a client of the feed cannot be written to'),
  );
  response.writeHead(200, headers);
  response.flushHeaders();

  unfollow = feed.follow(
    { caller, ...asked },
    {
      room: pace.room,
      started: () => send('event: subscribed\ndata: {}\n\n'),
      event: (event) => send(textOf(event)),
      caughtUp: (position) =>
        send(`id: ${position}\nevent: caughtUp\ndata: {"position":"${position}"}\n\n`),
      failed: (err) => {
        feed.log.error({ err }, 'the feed cannot read the past');
        send('event: failed\ndata: {"code":"history-unreadable"}\n\n');
        end();
      },
      ended: end,
    },
  );
};

const textOf = perEvent(
  ({ position, json }: FeedEvent): Buffer =>
    Buffer.concat([Buffer.from(`id: ${position}\ndata: `), json, Buffer.from('\n\n')]),
);

const refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
  // Whoever handed the request over may have named it already.
  const named = response.getHeader('X-Request-Id');
  const requestId = typeof named === 'string' ? named : undefined;
  const { status, headers: fields, body } = problemAnswer(request, refusal, requestId);
  response.writeHead(status, fields).end(body);
};

const badRequest = (errors: NonNullable<Refusal['errors']>): Refusal => ({
  code: 'bad-request',
  detail: 'the query or the header Last-Event-ID is not as it should be',
  errors,
});

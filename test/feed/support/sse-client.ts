import { once } from 'node:events';
import { Agent, type IncomingMessage, request as send } from 'node:http';
import type { EventView } from '../../../src/replay/event-view.js';
import { Waiting } from './waiting.js';

export type Sent = Readonly<{ id?: string; event?: string; data?: string; comment?: string }>;

/** A client of the feed as server-sent events. */
export class SseClient {
  readonly sent: Sent[] = [];
  isOver = false;
  readonly #waiting = new Waiting();
  #rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const blocks = (this.#rest + text).split('\n\n');
      this.#rest = blocks.pop() ?? '';
      for (const block of blocks) this.sent.push(parse(block));
      this.#waiting.happened();
    });
    const over = () => {
      this.isOver = true;
      this.#waiting.happened();
    };
    response.on('close', over);
    response.on('error', () => undefined);
  }

  static async connect(
    port: number,
    user: string,
    query: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<SseClient> {
    const path = `/v1/feed/sse?${query}`;
    // A connection of its own, as a browser gives it.
    const agent = new Agent();
    const request = send({ agent, port, path, headers: { 'X-User-Id': user, ...headers } }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new SseClient(response);
  }

  events(): readonly EventView[] {
    return this.sent.flatMap(({ event, data }) => (data && !event ? [JSON.parse(data)] : []));
  }

  /** The id that a browser would come back with. */
  lastId(): string {
    return this.sent.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  until(condition: (client: this) => boolean): Promise<void> {
    return this.#waiting.until(
      () => condition(this),
      () => JSON.stringify(this.sent.slice(-3)),
    );
  }

  async told(count: number): Promise<readonly EventView[]> {
    // Counted, and read only once: events may be large.
    const isEvent = ({ event, data }: Sent) => data !== undefined && event === undefined;
    await this.until(() => this.sent.filter(isEvent).length >= count);
    return this.events();
  }

  caughtUp(): Promise<void> {
    return this.until(() => this.sent.some(({ event }) => event === 'caughtUp'));
  }

  end(): void {
    this.response.destroy();
  }
}

const parse = (block: string): Sent =>
  Object.fromEntries(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon) || 'comment', line.slice(colon + 1).trimStart()];
    }),
  );

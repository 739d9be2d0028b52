import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { EventView } from '../../../src/replay/event-view.js';
import { Waiting } from './waiting.js';

export type Message = Readonly<{
  op: string;
  id?: string;
  event?: EventView;
  position?: string;
  code?: string;
  detail?: string;
}>;

export type Asked = Readonly<{ filter?: object; from?: string }>;

/** A client of the feed that remembers what it was told. */
export class FeedClient {
  readonly messages: Message[] = [];
  closed: Readonly<{ code: number; reason: string }> | undefined;
  readonly #waiting = new Waiting();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(data.toString()));
      this.#waiting.happened();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#waiting.happened();
    });
    socket.on('error', () => undefined);
  }

  /** @param user `admin` is an administrator */
  static async connect(
    port: number,
    user: string,
    options: ClientOptions = {},
  ): Promise<FeedClient> {
    const headers = { 'X-User-Id': user };
    const url = `ws://127.0.0.1:${port}/v1/feed`;
    const socket = new WebSocket(url, 'forkline.v1', { headers, ...options });
    const client = new FeedClient(socket);
    await once(socket, 'open');
    return client;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, asked: Asked): void {
    this.say({ op: 'subscribe', id, ...asked });
  }

  /** Subscribes and settles once it is told that it has caught up. */
  async caughtUp(id: string, asked: Asked): Promise<void> {
    this.subscribe(id, asked);
    await this.until(() => this.of(id).some(({ op }) => op === 'caughtUp'));
  }

  ack(id: string, position: string): void {
    this.say({ op: 'ack', id, position });
  }

  /** What it was told about one subscription. */
  of(id: string): readonly Message[] {
    return this.messages.filter((message) => message.id === id);
  }

  events(id: string): readonly EventView[] {
    return this.of(id).flatMap(({ event }) => (event ? [event] : []));
  }

  until(condition: (client: this) => boolean): Promise<void> {
    return this.#waiting.until(
      () => condition(this),
      () => `${JSON.stringify(this.messages.slice(-5))} of ${this.messages.length}, ${this.closed}`,
    );
  }

  /** Settles once it was told so many events. */
  async told(id: string, count: number): Promise<readonly EventView[]> {
    await this.until(() => this.events(id).length >= count);
    return this.events(id);
  }

  /** Settles once it was told so of an error. */
  async error(): Promise<Message> {
    const find = () => this.messages.find(({ op }) => op === 'error');
    await this.until(() => find() !== undefined);
    return find()!;
  }

  /** Settles once the answer to a ping is there: what was sent before it is, too. */
  async isServed(): Promise<void> {
    const pongs = () => this.messages.filter(({ op }) => op === 'pong').length;
    const before = pongs();
    this.say({ op: 'ping' });
    await this.until(() => pongs() > before);
  }

  async end(): Promise<void> {
    this.socket.resume();
    this.socket.close();
    await this.until(() => this.closed !== undefined);
  }
}

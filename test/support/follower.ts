import { WebSocket } from 'ws';
import type { Json } from './api.js';

/** A client of the feed that notes every event it sees, and comes back from its last one when cut off. */
export class Follower {
  readonly events: Json[] = [];
  private socket: WebSocket | undefined;
  private isClosed = false;
  private wake = () => {};

  /** @param urlNow where the program is; asked at each connection */
  constructor(private readonly urlNow: () => string) {
    this.connect();
  }

  /** Cuts the connection off, without a goodbye. */
  drop(): void {
    this.socket?.terminate();
  }

  close(): void {
    this.isClosed = true;
    this.socket?.terminate();
  }

  /** Resolves once an event at or past a position was seen. */
  async seen(position: number): Promise<void> {
    while (Number(this.events.at(-1)?.position ?? -1) < position)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
  }

  private connect(): void {
    if (this.isClosed) return;
    const socket = new WebSocket(`${this.urlNow().replace('http', 'ws')}/v1/feed`, 'forkline.v1');
    this.socket = socket;
    socket.on('open', () => {
      const from = this.events.at(-1)?.position ?? 'start';
      socket.send(JSON.stringify({ op: 'subscribe', id: 's', filter: {}, from }));
    });
    socket.on('message', (text) => {
      const message = JSON.parse(String(text)) as Json;
      if (message.op !== 'event') return;
      this.events.push(message.event);
      this.wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(() => this.connect(), 50));
  }
}

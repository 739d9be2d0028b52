import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Json } from '../../support/api.js';

/** A call that came in. */
export type Call = Readonly<{
  path: string;
  /** The `webhook-id` header. */
  id: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  payload: Json;
  at: number;
}>;

/** What is done with a call: a status, or anything else. */
export type Behaviour = number | ((response: ServerResponse, call: Call) => void);

/** An endpoint of webhooks. */
export type Receiver = Readonly<{
  url: string;
  calls: readonly Call[];
  /** Sets what is done with the next calls to a path, one after another; the last is what is done from then on. */
  behaves(path: string, ...behaviours: Behaviour[]): void;
  /** The address of a path. */
  at(path: string): string;
  callsTo(path: string): readonly Call[];
  /** Resolves with the calls to a path once there are so many. */
  arrived(path: string, count: number): Promise<readonly Call[]>;
  close(): Promise<void>;
}>;

const patienceMs = 30_000;

export const startReceiver = async (host = '127.0.0.1'): Promise<Receiver> => {
  const calls: Call[] = [];
  const behaviours = new Map<string, Behaviour[]>();
  const waiters = new Set<() => void>();

  const server = createServer(async (request, response) => {
    const call = await readCall(request);
    calls.push(call);
    const planned = behaviours.get(call.path) ?? [];
    const behaviour = (planned.length > 1 ? planned.shift() : planned[0]) ?? 200;
    if (typeof behaviour === 'number') response.writeHead(behaviour).end('seen');
    else behaviour(response, call);
    for (const look of waiters) look();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const callsTo = (path: string) => calls.filter((call) => call.path === path);
  return {
    url,
    calls,
    callsTo,
    at: (path) => url + path,
    behaves: (path, ...next) => {
      behaviours.set(path, next);
    },
    arrived: (path, count) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = callsTo(path);
          if (found.length < count) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          reject(new Error(`${callsTo(path).length} calls to ${path}, not ${count}`));
        }, patienceMs);
        waiters.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const readCall = async (request: IncomingMessage): Promise<Call> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const headers = request.headers as Record<string, string>;
  const id = headers['webhook-id'] ?? '';
  return {
    ...{ path: request.url ?? '', id, headers, body, at: Date.now() },
    payload: JSON.parse(body) as Json,
  };
};

/** Verifies a call as the library of Standard Webhooks does. @throws when it is not signed with the secret */
export const verified = ({ body, headers }: Call, secret: string): unknown =>
  new Webhook(secret).verify(body, { ...headers });

export const callsWithTopic = (calls: readonly Call[], topic: string): readonly Call[] =>
  calls.filter(({ payload }) => payload.type === topic);

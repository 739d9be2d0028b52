import { expectInContract } from '../../support/contract.js';

/** What came back over HTTP. `text` is the body as it was sent, `body` what it says as JSON. */
export type Reply<Body> = Readonly<{
  status: number;
  headers: Headers;
  text: string;
  body: Body;
}>;

type Headed = Readonly<Record<string, string>>;

/** Calls to the program under one name. */
export type Api = Readonly<{
  get<Body = unknown>(path: string, headers?: Headed): Promise<Reply<Body>>;
  post<Body = Written>(path: string, body?: unknown, headers?: Headed): Promise<Reply<Body>>;
  patch<Body = Written>(path: string, body?: unknown, headers?: Headed): Promise<Reply<Body>>;
  delete<Body = Written>(path: string, headers?: Headed): Promise<Reply<Body>>;
  /** A request whose body is sent as it is. */
  send<Body = unknown>(method: string, path: string, init?: RawInit): Promise<Reply<Body>>;
  /** A request whose answer is read piece by piece, until the signal. */
  open(path: string, signal: AbortSignal): Promise<Response>;
}>;

type RawInit = Readonly<{ headers?: Headed; body?: string | Uint8Array<ArrayBuffer> }>;

/** What every write answers. */
export type Written = Readonly<{
  id: string;
  stream: string;
  revision: number;
  position: string;
}>;

/** An item of a stream's events. */
export type EventItem = Readonly<{
  id: string;
  type: string;
  stream: string;
  revision: number;
  position: string;
  created: string;
  data: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
  origin?: Readonly<{ stream: string; revision: number }>;
}>;

/**
 * Every answer is checked against the document of the API that the program publishes.
 *
 * @param url where the program is, asked for at each call because a restart moves it
 */
export const apiOf = (url: () => string, identity: Headed = {}): Api => {
  const send = async <Body>(
    method: string,
    path: string,
    { headers = {}, body }: RawInit = {},
  ): Promise<Reply<Body>> => {
    const response = await fetch(url() + path, {
      method,
      headers: { ...identity, ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const { status, headers: answered } = response;
    // As it was sent: dots in a path lead up.
    const { pathname } = new URL(response.url);
    await expectInContract(url(), { method, path: pathname, status, headers: answered, text });
    return { status, headers: answered, text, body: parsed(text) as Body };
  };
  const sendJson = <Body>(method: string, path: string, body: unknown, headers: Headed = {}) =>
    body === undefined
      ? send<Body>(method, path, { headers })
      : send<Body>(method, path, {
          headers: { 'Content-Type': 'application/json', ...headers },
          body: JSON.stringify(body),
        });
  return {
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, body, headers) => sendJson('POST', path, body, headers),
    patch: (path, body, headers) => sendJson('PATCH', path, body, headers),
    delete: (path, headers = {}) => send('DELETE', path, { headers }),
    open: (path, signal) => fetch(url() + path, { headers: identity, signal }),
    send,
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

import type { IncomingMessage } from 'node:http';

type Headed = Pick<IncomingMessage, 'headers'>;

/** Which pages may use this server from somebody's browser. Whatever is no browser is no concern of this. */
export type Pages = PagesOptions &
  Readonly<{
    /** Whether a page asks that may not. */
    isForeign(request: Headed): boolean;
    /** Whether the server is asked under a name that is not its own. */
    isMisdirected(request: Headed): boolean;
  }>;

export type PagesOptions = Readonly<{
  /** The origins of other sites whose pages may, as browsers send them. */
  origins: readonly string[];
  /** Whether callers need a token. */
  isAuthenticated: boolean;
}>;

/**
 * Pages of the server itself may use it, and those of the sites named. Where no token is needed, so may
 * those that this machine serves, and only these know the server by a name of this machine: a page could
 * otherwise have its own name lead here (DNS rebinding) and pass for one of the server's.
 */
export const pagesOf = ({ origins, isAuthenticated }: PagesOptions): Pages => {
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  /** Asked for by the same name again and again, whatever asks: the last answer is kept. */
  let lastHost: string | undefined;
  let isLastOurs = false;
  const isNameOfThisMachine = (host: string): boolean => {
    if (host !== lastHost) {
      const url = `http://${host}`;
      isLastOurs = URL.canParse(url) && isOfThisMachine(new URL(url).hostname);
      lastHost = host;
    }
    return isLastOurs;
  };
  const isOwn = (host: string, { headers }: Headed): boolean =>
    host === headers.host || host === headers['x-forwarded-host'];

  return {
    origins,
    isAuthenticated,
    isForeign: (request) => {
      const { origin, authorization, 'x-user-id': userId } = request.headers;
      if (origin === undefined || origins.includes(origin)) return false;
      // A page of another site can name neither: something else asks, such as a proxy.
      if (authorization !== undefined || userId !== undefined) return false;
      if (!URL.canParse(origin)) return true;
      const { host, hostname } = new URL(origin);
      return isAuthenticated ? !isOwn(host, request) : !isOfThisMachine(hostname);
    },
    isMisdirected: ({ headers: { host } }) => {
      if (isAuthenticated || host === undefined || hosts.has(host)) return false;
      return !isNameOfThisMachine(host);
    },
  };
};

const isOfThisMachine = (hostname: string): boolean =>
  /^(.+\.)?localhost$/.test(hostname) || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

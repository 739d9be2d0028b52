/**
 * What refusals of the feed mean over HTTP: part of the one table of problems, in `http/problem.ts`.
 * The feed and the routes do not know each other, and the feed answers upgrades without the routes.
 */
export const feedProblems = {
  'bad-request': { status: 400, title: 'The request is malformed' },
  unauthorized: { status: 401, title: 'Who asks is not known' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'unknown-subprotocol': { status: 400, title: 'The subprotocol is not spoken here' },
  'bad-handshake': { status: 400, title: 'The WebSocket cannot be opened like this' },
  'host-not-allowed': {
    status: 403,
    title: 'Where no token is needed, only local names are served',
  },
  'origin-not-allowed': { status: 403, title: 'Pages of this site are kept out' },
  'upgrade-required': { status: 426, title: 'Only WebSockets are served here' },
  stopping: { status: 503, title: 'The server is about to stop' },
  'identification-unavailable': { status: 503, title: 'Who asks cannot be found out at present' },
} as const;

export type FeedProblemCode = keyof typeof feedProblems;

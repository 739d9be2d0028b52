import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f301';

let session: Written;
let execution: Written;
beforeAll(async () => {
  session = await createSession(ann);
  await postMessage(ann, session.id, 'hello');
  execution = await startExecution(ann, { sessionId: session.id });
});

const filledIn = (path: string) =>
  path.replace(':s', session.id).replace(':e', execution.id).replace(':m', missing);

describe('a malformed path or query', () => {
  it.each([
    '/v1/sessions/abc',
    '/v1/sessions/%00',
    '/v1/sessions/..%2f..',
    '/v1/sessions/abc/messages',
    '/v1/executions/1/timeline',
    '/v1/checkpoints/__proto__',
  ])('with an id that is none is refused: %s', async (path) => {
    expect(expectProblem(await ann.get(path), 'bad-request', 400).errors?.[0]?.path).toBe('id');
  });

  it.each(['/v1/sessions/%', '/v1/sessions/%E0%A4%A', '/v1/streams/session-%ff/events'])(
    'that cannot be decoded is refused: %s',
    async (path) => {
      expectProblem(await ann.get(path), 'bad-request', 400);
    },
  );

  it.each([
    ['/v1/sessions?limit=0', 'limit'],
    ['/v1/sessions?limit=501', 'limit'],
    ['/v1/sessions?limit=ten', 'limit'],
    ['/v1/sessions?limit=', 'limit'],
    ['/v1/sessions?limit=1.5', 'limit'],
    ['/v1/sessions?limit=1e1', 'limit'],
    ['/v1/sessions?limit=0x10', 'limit'],
    ['/v1/sessions?limit=5&limit=6', 'limit'],
    ['/v1/sessions?status=new', 'status'],
    ['/v1/sessions?includeArchived=yes', 'includeArchived'],
    ['/v1/sessions?after=-1', 'after'],
    ['/v1/sessions?after=', 'after'],
    ['/v1/sessions?after=9007199254740993', 'after'],
    ['/v1/sessions?after=1&after=2', 'after'],
    ['/v1/sessions?q=%00', 'q'],
    ['/v1/sessions?sort=title', 'sort'],
    ['/v1/sessions?__proto__=x', '__proto__'],
    ['/v1/sessions?constructor=x', 'constructor'],
    ['/v1/sessions?limit[$gt]=1', 'limit[$gt]'],
    ['/v1/sessions?status[$ne]=x', 'status[$ne]'],
    ['/v1/sessions/:s?verbose=true', 'verbose'],
    ['/v1/sessions/:s/messages?at=', 'at'],
    ['/v1/sessions/:s/messages?at=-1', 'at'],
    ['/v1/sessions/:s/messages?at=0x1', 'at'],
    ['/v1/sessions/:s/messages?at=9007199254740993', 'at'],
    ['/v1/messages/search', 'q'],
    ['/v1/messages/search?q=', 'q'],
    ['/v1/messages/search?q=%20', 'q'],
    ['/v1/messages/search?q=a&sessionId=b', 'sessionId'],
    ['/v1/executions?status=active', 'status'],
    ['/v1/streams/session-:s/events?direction=up', 'direction'],
    ['/v1/streams/session-:s/events?from=-1', 'from'],
    ['/v1/streams/session-:s/events?from=', 'from'],
    ['/v1/streams/session-:s/state?at=', 'at'],
    ['/v1/streams/session-:s/state?at=yesterday', 'at'],
    ['/v1/streams/session-:s/state?at=2026-02-30T00:00:00Z', 'at'],
    ['/v1/streams/session-:s/state?at=2026-01-01', 'at'],
  ])('with a query that means nothing is refused, and the part named: %s', async (path, part) => {
    const { errors } = expectProblem(await ann.get(filledIn(path)), 'bad-request', 400);
    expect(errors?.map(({ path }) => path)).toEqual([part]);
  });

  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursors = [
    '',
    'x',
    '!!!!',
    cursor(null),
    cursor({}),
    cursor([]),
    cursor(['a']),
    cursor([-1]),
    cursor([1.5]),
    cursor([1e300]),
    cursor([{ $gt: '' }]),
    cursor(['forwards']),
    cursor(['forwards', -1]),
    cursor(['forwards', 0.5]),
    cursor(['forwards', 1e40]),
    cursor(['sideways', 1]),
    cursor([1, 2]),
    cursor([{}, {}]),
    cursor(['a', { $gt: '' }]),
    cursor(['a', 'b', 'c']),
  ];
  it.each([
    '/v1/sessions?',
    '/v1/executions?',
    '/v1/sessions/:s/messages?',
    '/v1/executions/:e/checkpoints?',
    '/v1/executions/:e/timeline?',
    '/v1/messages/search?q=hello&',
    '/v1/streams/session-:s/events?',
  ])("with a cursor of someone else's making is refused: %s", async (path) => {
    for (const made of cursors) {
      const reply = await ann.get(`${filledIn(path)}cursor=${made}`);
      expect(expectProblem(reply, 'bad-request', 400).errors?.[0]?.path).toBe('cursor');
    }
  });
});

import type { Access } from '../../../src/http/access.js';
import type { Make, Thing } from './things.js';
import { things } from './things.js';

/** How an endpoint is tried. */
export type Case = Readonly<{
  /** The rule that is expected, said once more: a rule that was changed by mistake is met here. */
  access: Access;
  /** Makes what it is tried on, under the name of the owner, or of whoever calls when it is `mine`. */
  thing: Make;
  mine?: true;
  query?: (thing: Thing) => string;
  body?: (thing: Thing) => unknown;
  /** What it answers to those it lets in: one of these, where that depends on what goes on beside. */
  status: number | readonly number[];
  /** Whether an answer tells of the thing, for what answers 200 to everybody who is known. */
  tells?: (body: never, thing: Thing) => boolean;
}>;

const items = ({ items }: { items: readonly unknown[] }): boolean => items.length > 0;
const list = (thing: Make): Case => ({ access: 'caller', thing, status: 200, tells: items });
const reading = (thing: Make, status: Case['status'] = 200): Case => ({
  access: 'own',
  thing,
  status,
});
const writing = (thing: Make, body: object = {}, status: Case['status'] = 200): Case => ({
  ...{ access: 'own', thing, status, body: () => body },
});
const admin = (tried: Case): Case => ({ ...tried, access: 'admin' });
const creating = (fields: object): Case => ({
  ...{ access: 'caller', thing: things.nothing, mine: true, status: 201, body: () => fields },
});
const holding = (fields: object = {}): Case => ({
  ...{ access: 'own', thing: things.held, status: 200 },
  body: ({ leaseToken }) => ({ leaseToken, ...fields }),
});
const both = ({ a, b }: Thing): string => `a=${a}&b=${b}`;

const message = { role: 'user', content: 'more' };
const checkpoint = { agent: 'solver', stage: 'stage-1', stageOrder: 1, state: {} };
const { session, execution, interrupt, task, worker, webhook, delivery, forked } = things;

/** Every endpoint by its method and path. One that has no case here fails the matrix. */
export const cases: Readonly<Record<string, Case>> = {
  'post /v1/sessions/import': {
    ...{ access: 'caller', thing: things.nothing, mine: true, status: 200 },
    body: () => [{ messages: [{ role: 'user', content: 'imported' }] }],
  },
  'get /v1/sessions/:id/export': reading(session),
  'post /v1/sessions': creating({ title: 'another' }),
  'get /v1/sessions': list(session),
  'get /v1/sessions/:id': reading(session),
  'patch /v1/sessions/:id': writing(session, { title: 'renamed' }),
  'post /v1/sessions/:id/pause': writing(things.active),
  'post /v1/sessions/:id/resume': writing(things.paused),
  'post /v1/sessions/:id/terminate': writing(session),
  'post /v1/sessions/:id/transitions': writing(session, { status: 'active' }),
  'delete /v1/sessions/:id': reading(session),
  'post /v1/sessions/:id/restore': writing(things.deleted),
  'get /v1/messages/search': { ...list(session), query: () => 'q=confidential' },
  'post /v1/sessions/:id/messages': writing(session, message, 201),
  'get /v1/sessions/:id/messages': reading(session),
  'patch /v1/sessions/:id/messages/:messageId': writing(session, { content: 'changed' }),
  'delete /v1/sessions/:id/messages/:messageId': reading(session),

  'post /v1/executions': creating({ input: 1 }),
  'get /v1/executions': list(execution),
  'get /v1/executions/compare': { ...reading(execution), query: both },
  'get /v1/executions/:id': reading(execution),
  'post /v1/executions/:id/checkpoints': writing(execution, checkpoint, 201),
  'get /v1/executions/:id/checkpoints': reading(execution),
  'get /v1/executions/:id/timeline': reading(execution),
  'post /v1/executions/:id/checkpoints/prune': writing(execution, { keepLast: 1 }),
  'post /v1/executions/:id/resume': writing(things.waiting),
  'post /v1/executions/:id/complete': writing(execution),
  'post /v1/executions/:id/fail': writing(execution, { error: 'no' }),
  'post /v1/executions/:id/cancel': writing(execution),
  'get /v1/checkpoints/:id': reading(things.checkpoint),
  'post /v1/checkpoints/:id/replay': writing(things.checkpoint, {}, 201),

  'post /v1/interrupts': {
    ...{ access: 'caller', thing: session, mine: true, status: 201 },
    body: ({ id }) => ({ kind: 'confirmation', requestId: 'r', sessionId: id, question: 'Sure?' }),
  },
  'get /v1/interrupts': list(interrupt),
  'get /v1/interrupts/:id': reading(interrupt),
  'post /v1/interrupts/:id/respond': writing(interrupt, { text: 'because' }),
  'post /v1/interrupts/:id/cancel': writing(interrupt),

  'post /v1/queues/:queue/claim': {
    ...{ access: 'caller', thing: task, status: 200, tells: items },
    body: () => ({ workerId: 'w', waitSeconds: 0 }),
  },
  'post /v1/tasks/:id/heartbeat': holding(),
  'post /v1/tasks/:id/progress': holding({ percent: 50 }),
  'post /v1/tasks/:id/complete': holding(),
  'post /v1/tasks/:id/fail': holding({ error: 'no' }),
  'post /v1/tasks/complete': {
    ...{ access: 'caller', thing: things.held, status: 200 },
    body: ({ id, leaseToken }) => ({ items: [{ id, leaseToken }] }),
    tells: ({ items: [item] }: { items: readonly { status: number }[] }) => item!.status !== 404,
  },
  'post /v1/tasks': creating({ type: 't', queue: 'other' }),
  'get /v1/tasks': list(task),
  'get /v1/tasks/:id': reading(task),
  'post /v1/tasks/:id/cancel': writing(task),
  'post /v1/tasks/:id/retry': writing(things.dead),
  'get /v1/queues': list(task),
  'get /v1/queues/:queue': {
    ...{ access: 'caller', thing: task, status: 200 },
    tells: ({ ready }: { ready: number }) => ready > 0,
  },

  'get /v1/streams/:stream/events': reading(session),
  'get /v1/streams/:stream/state': reading(session),
  'get /v1/streams/:stream/steps': reading(session),
  'get /v1/streams/:stream/lineage': reading(session),
  'post /v1/streams/:stream/forks': writing(session, { at: 0 }, 201),
  'post /v1/streams/:stream/detach': writing(things.fork),
  'get /v1/streams/compare': { ...reading(forked), query: both },

  'post /v1/workers': creating({ queues: ['q'] }),
  'get /v1/workers': list(worker),
  'get /v1/workers/:id': reading(worker),
  'post /v1/workers/:id/heartbeat': writing(worker),
  'post /v1/workers/:id/stop': writing(worker),

  'get /v1/feed/sse': {
    ...{ access: 'caller', thing: session, status: 200 },
    query: ({ stream }) => `from=start&streams=${stream}`,
    tells: (events: string) => events.includes('confidential'),
  },

  'get /metrics': admin(reading(things.nothing)),
  'get /v1/audit': admin(reading(things.projection)),
  'get /v1/projections': admin(reading(things.projection)),
  'get /v1/projections/:name/parked': admin(reading(things.projection)),
  'post /v1/projections/:name/parked/:id/retry': admin(writing(things.projection, {}, 404)),
  'post /v1/projections/:name/parked/:id/discard': admin(writing(things.projection, {}, 404)),
  'post /v1/projections/rebuild': admin(
    writing(things.projection, { names: ['workers'] }, [202, 409]),
  ),
  'post /v1/projections/:name/rebuild': admin(writing(things.projection, {}, [202, 409])),
  'delete /v1/projections/:name/rebuild': admin(reading(things.projection, [200, 404])),
  'post /v1/projections/:name/rollback': admin(writing(things.untouched, {}, 404)),
  'post /v1/projections/:name/drop': admin(writing(things.untouched, {}, 404)),

  'post /v1/webhooks': creating({ url: 'https://example.invalid/', topics: ['chat.nothing'] }),
  'get /v1/webhooks': list(webhook),
  'get /v1/webhooks/:id': reading(webhook),
  'delete /v1/webhooks/:id': reading(webhook),
  'post /v1/webhooks/:id/rotate-secret': writing(webhook),
  'post /v1/webhooks/:id/enable': writing(things.disabled),
  'post /v1/webhooks/:id/disable': writing(webhook),
  'get /v1/webhooks/:id/deliveries': reading(delivery),
  'get /v1/webhooks/:id/deliveries/:deliveryId': reading(delivery),
  'post /v1/webhooks/:id/deliveries/:deliveryId/retry': writing(delivery),
  'post /v1/webhooks/:id/resend': {
    ...writing(webhook),
    query: () => 'since=2026-01-01T00:00:00Z',
  },
};

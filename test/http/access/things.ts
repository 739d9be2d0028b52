import type { Api } from '../support/api.js';
import {
  bodyOf,
  createSession,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from '../support/making.js';
import { heldTask, submitTask } from '../support/tasks.js';

/** Something of a user's: the parameters of its paths, and the position that has it. */
export type Thing = Readonly<Record<string, string>> & Readonly<{ position: string }>;

/** Makes a thing that belongs to whoever calls. `n` is another number each time. */
export type Make = (owner: Api, n: number) => Promise<Thing>;

const move = async (owner: Api, id: string, name: string, body: object = {}) => {
  const { position } = await bodyOf(owner.post(`/v1/sessions/${id}/${name}`, body));
  return { position };
};

const execution = async (owner: Api) => {
  const { id } = await startExecution(owner);
  const saved = await saveCheckpoint(owner, id, 0, { confidential: true });
  return { id, checkpointId: saved.id, a: id, b: id, position: saved.position };
};

const webhook = async (owner: Api, topics = ['chat.nothing']) => {
  // Nothing listens there, and of this topic there are no events.
  const fields = { url: 'https://example.invalid/hook', topics };
  const { id, position } = await bodyOf(owner.post('/v1/webhooks', fields));
  return { id, position };
};

/** One builder for each kind of thing that paths name. */
export const things = {
  nothing: async () => ({ position: '0' }),

  session: async (owner) => {
    const { id, stream } = await createSession(owner, { title: 'confidential' });
    const message = await postMessage(owner, id, 'confidential');
    return { id, stream, messageId: message.id, position: message.position };
  },
  active: async (owner) => {
    const { id } = await createSession(owner);
    return { id, ...(await move(owner, id, 'transitions', { status: 'active' })) };
  },
  paused: async (owner) => {
    const { id } = await createSession(owner);
    await move(owner, id, 'transitions', { status: 'active' });
    return { id, ...(await move(owner, id, 'pause')) };
  },
  deleted: async (owner) => {
    const { id } = await createSession(owner);
    return { id, position: (await bodyOf(owner.delete(`/v1/sessions/${id}`))).position };
  },
  forked: async (owner) => {
    const { stream, id } = await createSession(owner);
    const fork = await forkOf(owner, stream, 0);
    return { id, stream, a: stream, b: fork.stream, position: fork.position };
  },
  fork: async (owner) => {
    const { stream } = await createSession(owner);
    const fork = await forkOf(owner, stream, 0);
    return { stream: fork.stream, position: fork.position };
  },

  execution,
  waiting: async (owner) => {
    // A replay that does not resume waits to be resumed.
    const pipeline = {
      name: 'p',
      stages: [0, 1].map((n) => ({ name: `stage-${n}`, agent: 'solver', queue: 'q' })),
    };
    const { id } = await startExecution(owner, { pipeline });
    const saved = await saveCheckpoint(owner, id, 0, {});
    const replayed = await bodyOf(
      owner.post(`/v1/checkpoints/${saved.id}/replay?after=${saved.position}`, {}),
    );
    const { executionId, position } = replayed as typeof replayed & { executionId: string };
    return { id: executionId, position };
  },
  checkpoint: async (owner) => {
    const { checkpointId, position } = await execution(owner);
    return { id: checkpointId, position };
  },

  interrupt: async (owner) => {
    const session = await createSession(owner);
    const { id, position } = await bodyOf(
      owner.post('/v1/interrupts', {
        ...{ kind: 'clarification', requestId: 'r', sessionId: session.id, question: 'Why?' },
      }),
    );
    return { id, position };
  },

  task: async (owner, n) => {
    const queue = `matrix-${n}`;
    const { id, position } = await submitTask(owner, queue);
    return { id, queue, position };
  },
  held: async (owner, n) => {
    const { id, leaseToken, position } = await heldTask(owner, `matrix-${n}`);
    return { id, leaseToken, position };
  },
  dead: async (owner, n) => {
    const { id, leaseToken } = await heldTask(owner, `matrix-${n}`, { maxAttempts: 1 });
    const failed = await bodyOf(
      owner.post(`/v1/tasks/${id}/fail`, { leaseToken, error: 'no', retryable: false }),
    );
    return { id, position: failed.position };
  },

  worker: async (owner, n) => {
    const id = `w-${n}`;
    const { position } = await bodyOf(owner.post('/v1/workers', { id, queues: ['q'] }));
    return { id, position };
  },

  webhook: (owner) => webhook(owner),
  disabled: async (owner) => {
    const { id } = await webhook(owner);
    return { id, position: (await bodyOf(owner.post(`/v1/webhooks/${id}/disable`))).position };
  },
  delivery: async (owner) => {
    const { id, position } = await webhook(owner, ['chat.session.created']);
    await bodyOf(owner.get(`/v1/webhooks/${id}?after=${position}`));
    await createSession(owner);
    for (const until = Date.now() + 30_000; Date.now() < until; ) {
      const path = `/v1/webhooks/${id}/deliveries`;
      const { items } = await bodyOf(owner.get<{ items: { id: string }[] }>(path));
      if (items[0]) return { id, deliveryId: items[0].id, position };
    }
    throw new Error('nothing was to be delivered');
  },

  projection: async () => ({
    ...{ name: 'sessions', id: '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1ffff', position: '0' },
  }),
  /** One that nothing here rebuilds. */
  untouched: async () => ({ name: 'prunes', position: '0' }),
} as const satisfies Record<string, Make>;

import { z } from 'zod';
import { type CommandRequest, maySee } from '../../commands/request.js';
import { given } from '../../fields.js';
import {
  findWorker,
  listWorkers,
  type WorkerStanding,
  workerStanding,
} from '../../queries/workers.js';
import { creating, written } from '../answers.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, paging, queueName } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { beatingSchema, workerSchema } from '../views/tasks.js';
import { claimedQueue } from './claim-schema.js';

/** One or two dots alone would be taken for a folder when they are in a path. */
const workerId = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'must be 1 to 100 letters, digits, dots, hyphens or underscores',
  );

const params = z.strictObject({ id: workerId });

const isThere = ({ status }: WorkerStanding): boolean =>
  status === 'active' || status === 'stopping';

/** Workers: who carries out tasks. */
export const workerRoutes = ({
  workers,
  collections,
  workerHeartbeats: heartbeats,
  workerLostAfter,
  clock,
}: Services): readonly Route[] => {
  const beat = async (id: string, heartbeatSeconds: number): Promise<number> => {
    const at = clock.now();
    const expiresAt = at + heartbeatSeconds * 1_000 * workerLostAfter;
    await heartbeats.beat({ workerId: id, at, expiresAt });
    return expiresAt;
  };

  /**
   * A worker that was heard from. What the read model says of one that is there is soon enough, and
   * takes no more than a look; any other is asked of the rules, which bring back one that was lost.
   *
   * @throws Problem when it is not the caller's, or has stopped
   */
  const heardFrom = async (id: string, command: CommandRequest): Promise<WorkerStanding> => {
    const known = await workerStanding(collections, id);
    if (known && isThere(known) && maySee(command.caller, known.userId)) return known;
    const outcome = await workers(id, [{ type: 'KeepWorker' }], command);
    if ('rejected' in outcome) throw new Problem(outcome.rejected);
    const { state } = outcome;
    if (state.status === 'absent') throw new Problem('worker-not-found');
    return state;
  };

  return [
    route({
      method: 'post',
      path: '/v1/workers',
      access: 'caller',
      body: z.strictObject({
        id: workerId,
        queues: z.array(claimedQueue).min(1).max(100),
        maxConcurrentTasks: z.int().min(1).max(10_000).default(1),
        heartbeatSeconds: z.number().min(1).max(3_600).default(10),
      }),
      operationId: 'registerWorker',
      summary: 'Register a worker',
      answers: { 200: writtenSchema, 201: writtenSchema },
      handle: async ({ body: { id, ...registered } }, { caller: { userId }, command }) => {
        const outcome = await creating(
          `worker-${id}`,
          'worker-already-exists',
          workers(id, [{ type: 'RegisterWorker', userId, ...registered }], command),
        );
        // Someone else has it: there is one, which is all that may be known.
        if ('rejected' in outcome) throw new Problem('worker-already-exists');
        await beat(id, registered.heartbeatSeconds);
        return written(outcome, outcome.revision === 0 ? { created: `/v1/workers/${id}` } : {});
      },
    }),
    route({
      method: 'get',
      path: '/v1/workers',
      access: 'caller',
      reads: ['workers'],
      query: z.strictObject({
        status: z.enum(['active', 'stopping', 'stopped', 'lost']).optional(),
        queue: queueName.optional(),
        ...paging,
        ...after,
      }),
      operationId: 'listWorkers',
      summary: 'List workers by id',
      answers: { 200: pageOf(workerSchema) },
      handle: async ({ query }, { caller }) => ({
        status: 200,
        body: await listWorkers({ collections, heartbeats }, caller, given(query)),
      }),
    }),
    route({
      method: 'get',
      path: '/v1/workers/:id',
      access: 'own',
      reads: ['workers'],
      params,
      query: z.strictObject(after),
      operationId: 'getWorker',
      summary: 'Look at a worker',
      answers: { 200: workerSchema },
      handle: async ({ params }, { caller }) => {
        const body = await findWorker({ collections, heartbeats }, caller, params.id);
        if (!body) throw new Problem('worker-not-found');
        // Without an ETag: what it has done and when it was heard from change under one revision.
        return { status: 200, body };
      },
    }),
    route({
      method: 'post',
      path: '/v1/workers/:id/heartbeat',
      access: 'own',
      params,
      operationId: 'heartbeatWorker',
      summary: 'Say that a worker is there',
      answers: { 200: beatingSchema },
      handle: async ({ params: { id } }, { command }) => {
        const { status, stopRequested, heartbeatSeconds } = await heardFrom(id, command);
        const expiresAt = new Date(await beat(id, heartbeatSeconds)).toISOString();
        return { status: 200, body: { id, status, stopRequested, expiresAt } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/workers/:id/stop',
      access: 'own',
      params,
      body: z.strictObject({ stopped: z.boolean().default(false) }),
      operationId: 'stopWorker',
      summary: 'Ask a worker to stop, or say that it has',
      answers: { 200: writtenSchema },
      handle: async ({ params: { id }, body: { stopped } }, { command }) =>
        written(
          await workers(id, [{ type: stopped ? 'StopWorker' : 'RequestWorkerStop' }], command),
        ),
    }),
  ];
};

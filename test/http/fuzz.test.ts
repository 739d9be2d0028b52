import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { routesOf } from '../../src/http/routes.js';
import type { Services } from '../../src/http/services.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { pathOf, randomRequest, type Targets } from './support/random-requests.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

// Declaring the routes takes nothing of the services; serving them would.
const endpoints = routesOf({} as Services).filter(({ path }) => !path.startsWith('/v1/feed'));

describe('whatever a client sends', () => {
  /** Things to aim at, and their ids: some requests delete them. */
  const makeTargets = async (): Promise<Targets> => {
    const session = await createSession(ann, { title: 'target' });
    const message = await postMessage(ann, session.id, 'word');
    const execution = await startExecution(ann, { sessionId: session.id });
    const checkpoint = await saveCheckpoint(ann, execution.id, 0, { n: 1 });
    await bodyOf(ann.get(`/v1/checkpoints/${checkpoint.id}?after=${checkpoint.position}`));
    return {
      session: session.id,
      message: message.id,
      execution: execution.id,
      checkpoint: checkpoint.id,
      sessionStream: session.stream,
      executionStream: execution.stream,
    };
  };

  it('is never answered with a fault of the server, in 1,000 requests', async () => {
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomRequest(endpoints), { minLength: 20, maxLength: 20 }),
        async (requests) => {
          const targets = await makeTargets();
          const replies = await Promise.all(
            requests.map((request) => ann.send(request.method, pathOf(request, targets), request)),
          );
          for (const [index, reply] of replies.entries()) {
            const { method, body } = requests[index]!;
            const path = pathOf(requests[index]!, targets);
            seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1);
            const isFault = reply.status >= 500;
            expect({ method, path, body, isFault, text: isFault && reply.text }).toEqual({
              ...{ method, path, body, isFault: false, text: false },
            });
            if (reply.status >= 400 && method !== 'HEAD')
              expectProblem(reply, (reply.body as { code: string }).code, reply.status);
          }
        },
      ),
      { numRuns: 50, endOnFailure: true },
    );
    // Had it all been refused at the door, this would have shown nothing.
    for (const status of [200, 201, 400, 404, 409]) expect(seen.get(status)).toBeGreaterThan(5);
  });

  it('leaves read models that keep up, and answers that are right', async () => {
    const { id } = await createSession(ann, { title: 'afterwards' });
    const { position } = await postMessage(ann, id, 'still here');
    const found = await bodyOf(ann.get<SessionView>(`/v1/sessions/${id}?after=${position}`));
    expect(found).toMatchObject({ title: 'afterwards', messageCount: 1 });
    const list = await ann.get(`/v1/sessions?includeDeleted=true&limit=500`);
    expect(list.status).toBe(200);
  });
});

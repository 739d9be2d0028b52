import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import { createSession, eventsOf, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

describe('deleting a session for good while it is forked', () => {
  it('never takes the past of a fork that was acknowledged', async () => {
    const seen = new Set<number>();
    for (let round = 0; round < 24; round += 1) {
      const { id, stream } = await createSession(ann);
      const execution = await startExecution(ann, { sessionId: id });
      await postMessage(ann, id, 'the past');
      const fork = () => ann.post(`/v1/streams/${stream}/forks`, { at: 1 });
      const remove = async () => {
        // Other requests in between let the forks get ahead, some further than others.
        for (let ahead = round % 6; ahead > 0; ahead -= 1) await ann.get(`/v1/sessions/${id}`);
        return ann.delete(`/v1/sessions/${id}?hard=true`);
      };
      const forkExecution = () => ann.post(`/v1/streams/${execution.stream}/forks`, { at: 0 });
      const start = () => ann.post('/v1/executions', { sessionId: id });
      // The deletion first, last and in the middle.
      const calls = [fork, forkExecution, start, fork];
      calls.splice(round % 5, 0, remove);
      const replies = await Promise.all(calls.map((call) => call()));
      const removed = replies[round % 5]!;
      const forks = replies.filter((_, index) => calls[index] === fork);
      seen.add(removed.status);
      if (removed.status === 409) {
        expectProblem(removed, 'stream-has-forks', 409);
        expect(forks.some(({ status }) => status === 201)).toBe(true);
        for (const { status, body } of replies.filter((reply) => reply !== removed)) {
          expect(status).toBe(201);
          expect((await eventsOf(ann, body.stream)).length).toBeGreaterThan(0);
        }
        expect((await eventsOf(ann, stream)).map(({ type }) => type)).toEqual([
          'SessionCreated',
          'MessagePosted',
        ]);
      } else {
        expect(removed.status).toBe(200);
        for (const reply of forks) expectProblem(reply, 'session-not-found', 404);
        for (const { status, body } of replies)
          if (status === 201) {
            const events = await ann.get(`/v1/streams/${body.stream}/events`);
            expectProblem(events, 'execution-not-found', 404);
            const path = `/v1/executions/${body.id}?after=${removed.body.position}`;
            expectProblem(await ann.get(path), 'execution-not-found', 404);
          }
      }
    }
    expect([...seen].sort()).toEqual([200, 409]);
  });

  it('happens once, however often it is asked at the same time', async () => {
    const { id } = await createSession(ann);
    const remove = () => ann.delete(`/v1/sessions/${id}?hard=true`);
    const statuses = (await Promise.all([remove(), remove(), remove()])).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, 404, 404]);
  });
});

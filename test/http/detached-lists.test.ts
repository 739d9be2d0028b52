import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { EventItem, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { foldedMessages } from './support/folded-lists.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  later,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

/** Something done to one of the streams there are: `which` and `what` pick by remainder. */
const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'edit', 'delete', 'fork', 'fork', 'detach') as fc.Arbitrary<
    'add' | 'edit' | 'delete' | 'fork' | 'detach'
  >,
  which: fc.nat(100),
  what: fc.nat(100),
  value: fc.nat(9),
});
const program = fc.array(step, { minLength: 12, maxLength: 30 });
const which = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
const numRuns = Number(process.env.FORKLINE_FORK_LIST_RUNS ?? 3);
const runs = { numRuns, endOnFailure: true };
const patience = 60_000 + 10_000 * numRuns;

/** Detaches a stream. @returns the position of that; undefined when it is no fork, or is detached already */
const detach = async (stream: string): Promise<string | undefined> => {
  const reply = await ann.post(`/v1/streams/${stream}/detach`);
  expect([200, 409]).toContain(reply.status);
  return reply.status === 200 ? reply.body.position : undefined;
};

/** What was read, without where the events are told of: an ancestor that is gone is still named there. */
const readOf = async (streams: readonly Written[]) =>
  new Map(
    await Promise.all(
      streams.map(async ({ stream }) => [stream, await eventsOf(ann, stream)] as const),
    ),
  );

/** What is the same of a message wherever it lies: a copy is told of where it was written. */
const shown = ({ id, content, deleted, revision }: MessageView) => ({
  ...{ id, content, deleted: deleted === true, revision },
});

describe('the messages of forks, some of them detached', () => {
  it(
    'are at every revision what folding their events gives',
    async () => {
      await fc.assert(
        fc.asyncProperty(program, which, async (steps, inTheEnd) => {
          const sessions: Written[] = [await createSession(ann)];
          const known: { in: string; id: string }[] = [];
          let position = '';
          for (const { kind, which, what, value } of steps) {
            const session = sessions[which % sessions.length]!;
            const path = `/v1/sessions/${session.id}/messages`;
            const message = known[what % Math.max(1, known.length)];
            if (kind === 'detach') {
              position = (await detach(session.stream)) ?? position;
            } else if (kind === 'fork') {
              const { items } = await bodyOf(
                ann.get<{ items: readonly EventItem[] }>(
                  `/v1/streams/${session.stream}/events?direction=backwards&limit=1`,
                ),
              );
              const at = what % (items[0]!.revision + 1);
              const fork = await forkOf(ann, session.stream, at);
              sessions.push(fork);
              position = later(position, fork);
            } else if (kind === 'add' || !message) {
              const written = await postMessage(ann, session.id, `text ${value}`);
              known.push({ in: session.id, id: written.id });
              position = later(position, written);
            } else {
              // The stream may not have the message, or no longer: then nothing happens.
              const reply =
                kind === 'edit'
                  ? await ann.patch(`${path}/${message.id}`, { content: `text ${value}` })
                  : await ann.delete(`${path}/${message.id}`);
              expect([200, 404]).toContain(reply.status);
              if (reply.status === 200) position = later(position, reply.body);
            }
          }
          for (const [n, { stream }] of sessions.entries())
            if (inTheEnd[n % inTheEnd.length]) position = (await detach(stream)) ?? position;
          const before = await readOf(sessions);
          const left: Written[] = [];
          // What nobody descends from any more goes, and takes nothing along that others have.
          for (const session of sessions) {
            const reply = await ann.delete(`/v1/sessions/${session.id}?hard=true`);
            if (reply.status === 200) position = later(position, reply.body);
            else {
              expectProblem(reply, 'stream-has-forks', 409);
              left.push(session);
            }
          }
          for (const { id, stream } of left) {
            const events = await eventsOf(ann, stream);
            expect(events).toEqual(before.get(stream));
            for (const { revision: at } of events) {
              const folded = foldedMessages(events.slice(0, at + 1));
              const list = (query: string) =>
                everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?at=${at}&${query}`);
              const all = await list(`includeDeleted=true&limit=3&after=${position}`);
              expect(all.map(shown)).toEqual(folded.map(shown));
              const remaining = folded.filter(({ deleted }) => !deleted);
              expect((await list('limit=500')).map(({ id }) => id)).toEqual(
                remaining.map(({ id }) => id),
              );
            }
          }
        }),
        runs,
      );
    },
    patience,
  );
});

describe('the checkpoints of forks, some of them detached', () => {
  it(
    'are at every revision those their events saved, each with the state that was sent',
    async () => {
      await fc.assert(
        fc.asyncProperty(program, async (steps) => {
          const executions: Written[] = [await startExecution(ann)];
          const sent = new Map<string, object>();
          const long = 'does not change '.repeat(30);
          let position = '';
          for (const [n, { kind, which, what, value }] of steps.entries()) {
            const execution = executions[which % executions.length]!;
            if (kind === 'detach') {
              position = (await detach(execution.stream)) ?? position;
            } else if (kind === 'fork') {
              const at = what % ((await eventsOf(ann, execution.stream)).at(-1)!.revision + 1);
              const fork = await forkOf(ann, execution.stream, at);
              executions.push(fork);
              position = later(position, fork);
            } else {
              const state = { long, n, [`key ${value}`]: { list: [value, which % 3], what } };
              const saved = await saveCheckpoint(ann, execution.id, n, state);
              sent.set(saved.id, state);
              position = later(position, saved);
            }
          }
          for (const { id, stream } of executions) {
            const events = await eventsOf(ann, stream);
            for (const { revision: at } of events) {
              const saved = events
                .slice(0, at + 1)
                .flatMap(({ data, revision }) =>
                  'checkpointId' in data ? [{ id: data.checkpointId, revision }] : [],
                );
              const path = `/v1/executions/${id}/checkpoints?at=${at}&limit=4&after=${position}`;
              const listed = await everyItem<CheckpointView>(ann, path);
              expect(listed.map(({ id, revision }) => ({ id, revision }))).toEqual(saved);
            }
          }
          for (const [id, state] of sent) {
            const detail = await bodyOf(ann.get<CheckpointDetail>(`/v1/checkpoints/${id}`));
            expect(detail.state).toEqual(state);
          }
        }),
        runs,
      );
    },
    patience,
  );
});

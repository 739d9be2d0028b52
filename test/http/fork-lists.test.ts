import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { EventItem, Written } from './support/api.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

/** Something done to one of the streams there are: `which` and `what` pick by remainder. */
const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'edit', 'delete', 'fork', 'fork') as fc.Arbitrary<
    'add' | 'edit' | 'delete' | 'fork'
  >,
  which: fc.nat(100),
  what: fc.nat(100),
  value: fc.nat(9),
});
const program = fc.array(step, { minLength: 12, maxLength: 30 });
const runs = { numRuns: 6, endOnFailure: true };

type Shown = Readonly<{ id: unknown; content: unknown; deleted: boolean; revision: number }>;

/** What the messages of a stream are after some of its events, folded here. */
const foldedMessages = (events: readonly EventItem[]): readonly Shown[] => {
  const messages = new Map<unknown, Shown>();
  for (const { type, data, revision } of events) {
    const { messageId: id, content } = data;
    const before = messages.get(id);
    if (type === 'MessagePosted') messages.set(id, { id, content, deleted: false, revision });
    if (type === 'MessageEdited' && before) messages.set(id, { ...before, content });
    if (type === 'MessageDeleted' && before) messages.set(id, { ...before, deleted: true });
  }
  return [...messages.values()];
};

describe('the messages of forks', () => {
  it('are at every revision what folding their events gives', async () => {
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const sessions: Written[] = [await createSession(ann)];
        const known: { in: string; id: string }[] = [];
        let position = '';
        for (const { kind, which, what, value } of steps) {
          const session = sessions[which % sessions.length]!;
          const path = `/v1/sessions/${session.id}/messages`;
          const message = known[what % Math.max(1, known.length)];
          if (kind === 'fork') {
            const { items } = await bodyOf(
              ann.get<{ items: readonly EventItem[] }>(
                `/v1/streams/${session.stream}/events?direction=backwards&limit=1`,
              ),
            );
            const at = what % (items[0]!.revision + 1);
            const fork = await forkOf(ann, session.stream, at);
            sessions.push(fork);
            ({ position } = fork);
          } else if (kind === 'add' || !message) {
            const written = await postMessage(ann, session.id, `text ${value}`);
            known.push({ in: session.id, id: written.id });
            ({ position } = written);
          } else {
            // The stream may not have the message, or no longer: then nothing happens.
            const reply =
              kind === 'edit'
                ? await ann.patch(`${path}/${message.id}`, { content: `text ${value}` })
                : await ann.delete(`${path}/${message.id}`);
            expect([200, 404]).toContain(reply.status);
            if (reply.status === 200) ({ position } = reply.body);
          }
        }
        for (const { id, stream } of sessions) {
          const events = await eventsOf(ann, stream);
          for (const { revision: at } of events) {
            const folded = foldedMessages(events.slice(0, at + 1));
            const list = (query: string) =>
              everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?at=${at}&${query}`);
            const all = await list(`includeDeleted=true&limit=3&after=${position}`);
            expect(
              all.map(({ id, content, deleted = false, revision }) => ({
                ...{ id, content, deleted, revision },
              })),
            ).toEqual(folded);
            const left = folded.filter(({ deleted }) => !deleted);
            expect((await list('limit=500')).map(({ id }) => id)).toEqual(left.map(({ id }) => id));
          }
        }
      }),
      runs,
    );
  });
});

describe('the checkpoints of forks', () => {
  it('are at every revision those their events saved, each with the state that was sent', async () => {
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const executions: Written[] = [await startExecution(ann)];
        const sent = new Map<string, object>();
        const long = 'does not change '.repeat(30);
        let position = '';
        for (const [n, { kind, which, what, value }] of steps.entries()) {
          const execution = executions[which % executions.length]!;
          if (kind === 'fork') {
            const at = what % ((await eventsOf(ann, execution.stream)).at(-1)!.revision + 1);
            const fork = await forkOf(ann, execution.stream, at);
            executions.push(fork);
            ({ position } = fork);
          } else {
            const state = { long, n, [`key ${value}`]: { list: [value, which % 3], what } };
            const saved = await saveCheckpoint(ann, execution.id, n, state);
            sent.set(saved.id, state);
            ({ position } = saved);
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
  });
});

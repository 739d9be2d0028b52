import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { Written } from './support/api.js';
import { foldedCheckpoints, foldedMessages } from './support/folded-lists.js';
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

/**
 * Something done to one of the streams there are: `which`, `where` and `what` pick by remainder.
 * Messages are edited and deleted; checkpoints, which are neither, are pruned instead.
 */
const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'change', 'remove', 'fork', 'fork') as fc.Arbitrary<
    'add' | 'change' | 'remove' | 'fork'
  >,
  which: fc.nat(100),
  where: fc.nat(100),
  what: fc.nat(100),
  value: fc.nat(9),
});
const program = fc.array(step, { minLength: 12, maxLength: 30 });
const runs = { numRuns: Number(process.env.FORKLINE_FORK_LIST_RUNS ?? 4), endOnFailure: true };

describe('the messages of forks', () => {
  it('are at every revision what folding their events gives', async () => {
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const sessions: Written[] = [await createSession(ann)];
        const known: string[] = [];
        let position = '';
        for (const { kind, which, where, what, value } of steps) {
          const session = sessions[which % sessions.length]!;
          const path = `/v1/sessions/${session.id}/messages`;
          const content = what % 3 ? `text ${value}` : [{ type: 'text', text: `part ${value}` }];
          const messageId = known[what % Math.max(1, known.length)];
          if (kind === 'fork') {
            const events = await eventsOf(ann, session.stream);
            const at = where % events.length;
            const there = foldedMessages(events.slice(0, at + 1));
            const edited = there.find(({ role, deleted }) => role === 'user' && !deleted);
            const amendments = [
              ...(value % 2 && edited
                ? [{ type: 'EditMessage', messageId: edited.id, content: 'amended' }]
                : []),
              ...(value % 3 === 0 ? [{ type: 'PostMessage', role: 'system', content }] : []),
            ];
            const fork = await forkOf(ann, session.stream, at, { amendments });
            sessions.push(fork);
            position = later(position, fork);
          } else if (kind === 'add' || messageId === undefined) {
            const role = (['user', 'user', 'assistant'] as const)[what % 3];
            const fields = { role, ...(value === 0 && { metadata: { value, list: [what] } }) };
            const written = await postMessage(ann, session.id, content, fields);
            known.push(written.id);
            position = later(position, written);
          } else {
            // The stream may not have the message, or not as one to edit: then nothing happens.
            const reply =
              kind === 'change'
                ? await ann.patch(`${path}/${messageId}`, { content })
                : await ann.delete(`${path}/${messageId}`);
            expect([200, 404, 409]).toContain(reply.status);
            if (reply.status === 200) position = later(position, reply.body);
          }
        }
        for (const { id, stream } of sessions) {
          const events = await eventsOf(ann, stream);
          for (const { revision: at } of events) {
            const folded = foldedMessages(events.slice(0, at + 1));
            const list = (query: string) =>
              everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?at=${at}&${query}`);
            expect(await list(`includeDeleted=true&limit=3&after=${position}`)).toEqual(folded);
            const left = folded.filter(({ deleted }) => !deleted);
            expect(await list('limit=500')).toEqual(left);
          }
        }
      }),
      runs,
    );
  });
});

describe('the checkpoints of forks', () => {
  it('are at every revision those their events saved and did not prune, each with the state that was sent', async () => {
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const executions: Written[] = [await startExecution(ann)];
        const sent = new Map<string, object>();
        const long = 'does not change '.repeat(30);
        let position = '';
        for (const [n, { kind, which, where, what, value }] of steps.entries()) {
          const execution = executions[which % executions.length]!;
          const state = { long, n, [`key ${value}`]: { list: [value, which % 3], what } };
          if (kind === 'fork') {
            const at = where % (await eventsOf(ann, execution.stream)).length;
            const saving = { agent: 'solver', stage: 'amended', stageOrder: value, state };
            const amendments = value % 2 ? [{ type: 'SaveCheckpoint', ...saving }] : [];
            const fork = await forkOf(ann, execution.stream, at, { amendments });
            executions.push(fork);
            position = later(position, fork);
            if (value % 2) {
              const added = (await eventsOf(ann, fork.stream)).at(-1)!;
              sent.set(String(added.data.checkpointId), state);
            }
          } else if (kind === 'remove') {
            const path = `/v1/executions/${execution.id}/checkpoints/prune`;
            const reply = await ann.post<Written>(path, { keepLast: 1 + (value % 4) });
            // Not while a fork hangs off one that would go.
            expect([200, 409]).toContain(reply.status);
            if (reply.status === 200) position = later(position, reply.body);
          } else {
            const saved = await saveCheckpoint(ann, execution.id, n, state);
            sent.set(saved.id, state);
            position = later(position, saved);
          }
        }
        for (const { id, stream } of executions) {
          const events = await eventsOf(ann, stream);
          for (const { revision: at } of events) {
            const path = `/v1/executions/${id}/checkpoints?at=${at}&limit=4&after=${position}`;
            expect(await everyItem<CheckpointView>(ann, path)).toEqual(
              foldedCheckpoints(id, events.slice(0, at + 1)),
            );
          }
          for (const checkpoint of foldedCheckpoints(id, events)) {
            const path = `/v1/checkpoints/${checkpoint.id}?executionId=${id}`;
            const { state, ...head } = await bodyOf(ann.get<CheckpointDetail>(path));
            expect(head).toEqual(checkpoint);
            expect(state).toEqual(sent.get(checkpoint.id));
          }
        }
      }),
      runs,
    );
  });
});

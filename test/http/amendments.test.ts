import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckpointDetail } from '../../src/queries/checkpoints.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { SessionView } from '../../src/queries/sessions.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
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
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const namedFork = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f101';
const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f102';

describe('a fork of a session with amendments', () => {
  let session: Written;
  let question: string;
  let answer: string;

  beforeAll(async () => {
    session = await createSession(ann, { title: 'Original' });
    question = (await postMessage(ann, session.id, 'question')).id;
    answer = (await postMessage(ann, session.id, 'answer', { role: 'assistant' })).id;
  });

  it('carries them out on the state at its revision, together with the fork', async () => {
    const fork = await forkOf(ann, session.stream, 2, {
      reason: 'ask better',
      amendments: [
        { type: 'EditMessage', messageId: question, content: 'better question' },
        { type: 'DeleteMessage', messageId: answer },
        { type: 'PostMessage', role: 'system', content: 'be brief', metadata: { by: 'me' } },
        { type: 'ChangeSession', title: 'Amended' },
        { type: 'MoveSession', status: 'active' },
        { type: 'PauseSession', reason: 'wait' },
        { type: 'ResumeSession' },
      ],
    });
    expect(fork.revision).toBe(10);
    const events = (await eventsOf(ann, fork.stream)).slice(3);
    expect(events.map(({ type }) => type)).toEqual([
      'StreamForked',
      'MessageEdited',
      'MessageDeleted',
      'MessagePosted',
      'SessionRenamed',
      'SessionActivated',
      'SessionPaused',
      'SessionResumed',
    ]);
    expect(new Set(events.map(({ metadata }) => metadata.commandId)).size).toBe(1);
    const path = `/v1/sessions/${fork.id}`;
    const shown = await bodyOf(ann.get<SessionView>(`${path}?after=${fork.position}`));
    expect(shown).toMatchObject({ title: 'Amended', status: 'active', messageCount: 2 });
    const messages = await everyItem<MessageView>(ann, `${path}/messages?limit=9`);
    expect(messages.map(({ content }) => content)).toEqual(['better question', 'be brief']);
    expect(await eventsOf(ann, session.stream)).toHaveLength(3);
  });

  it('adds nothing for what is so already', async () => {
    const amendments = [
      { type: 'ChangeSession', title: 'Original' },
      { type: 'EditMessage', messageId: question, content: 'question' },
    ];
    const { stream } = await forkOf(ann, session.stream, 1, { amendments });
    expect((await eventsOf(ann, stream)).at(-1)!.type).toBe('StreamForked');
  });

  const good = { type: 'ChangeSession', title: 'not written' };
  it.each([
    [1, { type: 'DeleteMessage', messageId: missing }, 'message-not-found', 404],
    [0, { type: 'EditMessage', messageId: 'question', content: 'x' }, 'message-not-found', 404],
    [2, { type: 'EditMessage', messageId: 'answer', content: 'x' }, 'message-not-editable', 409],
    [2, { type: 'ResumeSession' }, 'session-transition-not-allowed', 409],
    [2, { type: 'MoveSession', status: 'completed' }, 'session-transition-not-allowed', 409],
    [
      2,
      { type: 'PostMessage', messageId: 'answer', role: 'user', content: 'x' },
      'message-already-exists',
      409,
    ],
  ] as const)(
    'is refused at %i for %j, and nothing is written',
    async (at, refused, code, status) => {
      const names: Readonly<Record<string, string>> = { question, answer };
      const amendment =
        'messageId' in refused
          ? { ...refused, messageId: names[refused.messageId] ?? refused.messageId }
          : refused;
      const reply = await ann.post(`/v1/streams/${session.stream}/forks`, {
        at,
        id: namedFork,
        amendments: [good, amendment],
      });
      expectProblem(reply, code, status);
      expectProblem(
        await ann.get(`/v1/streams/session-${namedFork}/events`),
        'session-not-found',
        404,
      );
    },
  );

  it.each([
    [{ type: 'CreateSession', title: 'x' }, 'amendments.1.type'],
    [{ type: 'DeleteSession' }, 'amendments.1.type'],
    [
      { type: 'SaveCheckpoint', agent: 'a', stage: 's', stageOrder: 1, state: {} },
      'amendments.1.type',
    ],
    [{ type: 'EditMessage', messageId: 'x', content: 'x' }, 'amendments.1.messageId'],
    [{ type: 'PostMessage', role: 'robot', content: 'x' }, 'amendments.1.role'],
    [{ type: 'ResumeSession', more: 1 }, 'amendments.1.more'],
    [{ title: 'no type' }, 'amendments.1.type'],
    ['ResumeSession', 'amendments.1'],
    [null, 'amendments.1'],
  ])('is refused as malformed for %j, and nothing is written', async (malformed, path) => {
    const reply = await ann.post(`/v1/streams/${session.stream}/forks`, {
      at: 2,
      id: namedFork,
      amendments: [good, malformed],
    });
    expect(expectProblem(reply, 'bad-request', 400).errors?.[0]?.path).toBe(path);
    expectProblem(
      await ann.get(`/v1/streams/session-${namedFork}/events`),
      'session-not-found',
      404,
    );
  });

  it('has 100 amendments at most', async () => {
    const forks = `/v1/streams/${session.stream}/forks`;
    const many = (count: number) => ({
      at: 0,
      amendments: Array.from({ length: count }, (_, n) => ({
        ...{ type: 'PostMessage', role: 'user', content: `message ${n}` },
      })),
    });
    expectProblem(await ann.post(forks, many(101)), 'bad-request', 400);
    const { stream } = await bodyOf(ann.post(forks, many(100)));
    expect(await eventsOf(ann, stream)).toHaveLength(102);
  });
});

describe('a fork of an execution with amendments', () => {
  it('replaces the state it goes on from', async () => {
    const execution = await startExecution(ann);
    const text = 'long and the same '.repeat(20);
    await saveCheckpoint(ann, execution.id, 0, { text, temperature: 1 });
    await saveCheckpoint(ann, execution.id, 1, { text, temperature: 1, result: 'bad' });
    const changed = { text, temperature: 0 };
    const head = { agent: 'solver', stage: 'stage-0', stageOrder: 0 };
    const fork = await forkOf(ann, execution.stream, 1, {
      amendments: [{ type: 'SaveCheckpoint', checkpointId: namedFork, ...head, state: changed }],
    });
    const detail = await bodyOf(
      ann.get<CheckpointDetail>(`/v1/checkpoints/${namedFork}?after=${fork.position}`),
    );
    expect(detail).toEqual({
      ...{ id: namedFork, executionId: fork.id, ...head, state: changed, revision: 3 },
      createdAt: expect.stringMatching(/Z$/),
    });
    const ended = await forkOf(ann, execution.stream, 2, {
      amendments: [
        { type: 'SaveCheckpoint', ...head, state: { text } },
        { type: 'FailExecution', error: 'as an experiment' },
      ],
    });
    expect((await eventsOf(ann, ended.stream)).slice(3).map(({ type }) => type)).toEqual([
      'StreamForked',
      'CheckpointSaved',
      'ExecutionFailed',
    ]);
  });

  it('is refused when the execution is over by then, and nothing is written', async () => {
    const execution = await startExecution(ann);
    await bodyOf(ann.post(`/v1/executions/${execution.id}/complete`));
    const reply = await ann.post(`/v1/streams/${execution.stream}/forks`, {
      at: 1,
      id: missing,
      amendments: [{ type: 'FailExecution', error: 'x' }],
    });
    expectProblem(reply, 'execution-already-finished', 409);
    const events = await ann.get(`/v1/streams/execution-${missing}/events`);
    expectProblem(events, 'execution-not-found', 404);
  });
});

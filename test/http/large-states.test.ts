import { describe, expect, it } from '@jest/globals';
import type { CheckpointDetail } from '../../src/queries/checkpoints.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf, forkOf, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const largest = 900 * 1024;

/** A state of so many bytes of JSON, filled with a text over and over. */
const stateOf = (bytes: number, filler = 'x'): Record<string, string> => {
  const room = bytes - '{"t":""}'.length;
  const size = Buffer.byteLength(JSON.stringify(filler)) - 2;
  const text = filler.repeat(Math.floor(room / size)) + 'x'.repeat(room % size);
  expect(Buffer.byteLength(JSON.stringify({ t: text }))).toBe(bytes);
  return { t: text };
};
const post = (id: string, state: object, fields: object = {}) =>
  ann.post<Written>(`/v1/executions/${id}/checkpoints`, {
    ...{ agent: 'a', stage: 's', stageOrder: 0, state, ...fields },
  });
const expectKept = async ({ id, position }: Written, state: object): Promise<void> => {
  const shown = await bodyOf(ann.get<CheckpointDetail>(`/v1/checkpoints/${id}?after=${position}`));
  // Compared as text: what differs in a megabyte is of no use to a reader.
  expect(JSON.stringify(shown.state) === JSON.stringify(state)).toBe(true);
};

describe('a state', () => {
  it.each([
    ['of one-byte characters', 'x'],
    ['of three-byte characters', '語'],
    ['of four-byte characters', '🌲'],
    ['of characters that JSON escapes', '"'],
  ])('of 900 KiB %s is kept as it is, and none that is larger', async (_, filler) => {
    const { id, stream } = await startExecution(ann);
    const state = stateOf(largest, filler);
    await expectKept(await bodyOf(post(id, state)), state);
    expectProblem(await post(id, stateOf(largest + 1, filler)), 'state-too-large', 413);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('of 900 KiB leaves room for outputs, up to what one request may have', async () => {
    const { id } = await startExecution(ann);
    const state = stateOf(largest);
    const outputs = 'o'.repeat(78_000);
    await expectKept(await bodyOf(post(id, state, { outputs })), state);
    const beyond = await post(id, state, { outputs: 'o'.repeat(200_000) });
    expectProblem(beyond, 'too-large', 413);
  });

  it('that is smaller than what changed in it is stored in full', async () => {
    const { id, stream } = await startExecution(ann);
    // A key of slashes is twice as long in a path, and a path of its own for every entry.
    const long = Object.fromEntries([
      [`${'/'.repeat(300_000)}`, 1],
      ...Array.from({ length: 2_000 }, (_, n) => [`${'語/'.repeat(20)}${n}`, n]),
    ]);
    await bodyOf(post(id, long));
    const after = { kept: 'small' };
    await expectKept(await bodyOf(post(id, after)), after);
    const events = await eventsOf(ann, stream);
    expect(events.map(({ data }) => 'state' in data)).toEqual([false, true, true]);
  });

  it('of 900 KiB that changes a little is a difference, which forks and the next ones build on', async () => {
    const { id, stream } = await startExecution(ann);
    const text = '語'.repeat(300_000);
    let last: Written | undefined;
    for (const n of [0, 1, 2]) last = await bodyOf(post(id, { text, n }));
    const events = await eventsOf(ann, stream);
    expect(events.map(({ data }) => 'stateDelta' in data)).toEqual([false, false, true, true]);
    await expectKept(last!, { text, n: 2 });
    const fork = await forkOf(ann, stream, 2);
    await expectKept(await bodyOf(post(fork.id, { text, n: 9 })), { text, n: 9 });
  });

  it('is not made too large by amending a fork, nor by a replay', async () => {
    const { id, stream } = await startExecution(ann);
    const checkpoint = await bodyOf(post(id, stateOf(500_000)));
    const amendment = { type: 'SaveCheckpoint', agent: 'a', stage: 's', stageOrder: 0 };
    const amended = await ann.post(`/v1/streams/${stream}/forks`, {
      at: 1,
      amendments: [{ ...amendment, state: stateOf(largest + 1) }],
    });
    expectProblem(amended, 'state-too-large', 413);
    const path = `/v1/checkpoints/${checkpoint.id}/replay?after=${checkpoint.position}`;
    const replayed = await ann.post(path, { modifications: { more: 'x'.repeat(450_000) } });
    expectProblem(replayed, 'state-too-large', 413);
    const merged = await ann.post<Written & { checkpointId: string }>(path, {
      modifications: { t: 'y'.repeat(900_000) },
    });
    const saved = { ...merged.body, id: merged.body.checkpointId };
    await expectKept(saved, { t: 'y'.repeat(900_000) });
  });
});

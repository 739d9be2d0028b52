import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type StoredEvent, StoreUnavailable } from '../../src/eventstore/event-store.js';
import { type ImportDependencies, importRun } from '../../src/importing/import-run.js';
import type { RecordedRun } from '../../src/importing/recorded-run.js';
import { type ImportingStore, requestOf, startImportingStore } from './importing.js';
import { readOne } from './reading.js';

const call = { id: 'c1', type: 'function', function: { name: 'bash', arguments: '{}' } };
const recording = {
  trajectory_format: 'mini-swe-agent-1.1',
  instance_id: 'django__django-1',
  info: { exit_status: 'Submitted', submission: 'diff', model_stats: { api_calls: 2 } },
  messages: [
    { role: 'system', content: 'You are …' },
    { role: 'user', content: 'Fix it.' },
    { role: 'assistant', content: 'Look.', tool_calls: [call], extra: { cost: 0.25 } },
    { role: 'tool', tool_call_id: 'c1', content: 'a.py', extra: { returncode: 0 } },
    { role: 'assistant', content: 'Done.', tool_calls: [call], extra: { cost: 0.25 } },
    { role: 'exit', content: 'diff', extra: { exit_status: 'Submitted', submission: 'diff' } },
  ],
};

const eventsOfRun = [
  'SessionCreated',
  'SessionActivated',
  'ExecutionStarted',
  'MessagePosted',
  'MessagePosted',
  'MessagePosted',
  'MessagePosted',
  'CheckpointSaved',
  'MessagePosted',
  'MessagePosted',
  'CheckpointSaved',
  'SessionCompleted',
  'ExecutionCompleted',
];

const typesOf = (events: readonly StoredEvent[]) => events.map(({ type }) => type);

let run: RecordedRun;
let importing: ImportingStore;

beforeAll(async () => {
  run = await readOne(recording);
  importing = await startImportingStore();
});
afterAll(() => importing.stop());

describe('importing a run', () => {
  it('makes a session and an execution whose events interleave as the run did', async () => {
    const result = await importRun(run, requestOf('ann'), importing.fresh());
    const events = await importing.eventsOf('ann');

    expect(typesOf(events)).toEqual(eventsOfRun);
    expect(result).toMatchObject({ messages: 6, checkpoints: 2, added: 13 });
    expect(new Set(events.map(({ stream }) => stream))).toEqual(
      new Set([`session-${result.sessionId}`, `execution-${result.executionId}`]),
    );
    expect(events[2]?.data).toMatchObject({ userId: 'ann', sessionId: result.sessionId });
    expect(events[6]?.data).toMatchObject({ role: 'tool', content: 'a.py', toolCallId: 'c1' });
    expect(events.at(-1)?.data).toEqual({
      output: { exitStatus: 'Submitted', submission: 'diff', modelStats: { api_calls: 2 } },
    });
  });

  it('adds nothing when the run is there, and says so with the same result', async () => {
    const first = await importRun(run, requestOf('bob'), importing.fresh());
    const again = await importRun(run, requestOf('bob'), importing.fresh());

    expect(again).toEqual({ ...first, added: 0 });
    expect(typesOf(await importing.eventsOf('bob'))).toEqual(eventsOfRun);
  });

  it.each([
    ['before a command arrived', false],
    ['after a command whose answer was lost', true],
  ])('completes an import that was cut off %s, wherever that was', async (_, isCarriedOut) => {
    for (let cut = 0; cut < 8; cut++) {
      const user = `cut ${cut} ${isCarriedOut}`;
      const broken = breakingAt(cut, isCarriedOut, importing.fresh());
      await expect(importRun(run, requestOf(user), broken)).rejects.toThrow(StoreUnavailable);
      await importRun(run, requestOf(user), importing.fresh());

      const events = await importing.eventsOf(user);
      expect(typesOf(events)).toEqual(eventsOfRun);
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    }
  });

  it('leaves alone what was changed since, and adds nothing to it', async () => {
    const user = 'cleo';
    const { sessionId } = await importRun(run, requestOf(user), importing.fresh());
    const commandId = '0199a000-0000-4000-8000-00000000000b';
    await importing
      .fresh()
      .sessions(sessionId, [{ type: 'ChangeSession', title: 'Mine', metadata: {} }], {
        ...requestOf(user),
        commandId,
      });
    const again = await importRun(run, requestOf(user), importing.fresh());

    expect(again.added).toBe(0);
    expect(typesOf(await importing.eventsOf(user))).toEqual([
      ...eventsOfRun,
      'SessionRenamed',
      'SessionMetadataChanged',
    ]);
  });

  it('completes an import cut off by a build that read the recording differently', async () => {
    const user = 'older';
    const [first, ...others] = run.messages;
    const older: RecordedRun = {
      ...run,
      title: 'Older',
      messages: [...(first ? [{ ...first, metadata: { older: true } }] : []), ...others],
    };
    const broken = breakingAt(4, false, importing.fresh());
    await expect(importRun(older, requestOf(user), broken)).rejects.toThrow(StoreUnavailable);
    await importRun(run, requestOf(user), importing.fresh());

    const events = await importing.eventsOf(user);
    expect(typesOf(events)).toEqual(eventsOfRun);
    expect(events[0]?.data).toMatchObject({ title: 'Older' });
    expect(events[3]?.data).toMatchObject({ metadata: { older: true } });
  });

  it('is refused once its session was deleted', async () => {
    const user = 'dora';
    const { sessionId } = await importRun(run, requestOf(user), importing.fresh());
    await importing.fresh().sessions(sessionId, [{ type: 'DeleteSession' }], {
      ...requestOf(user),
      commandId: '0199a000-0000-4000-8000-00000000000c',
    });

    await expect(importRun(run, requestOf(user), importing.fresh())).rejects.toMatchObject({
      name: 'ImportRefused',
      code: 'session-deleted',
      sessionId,
    });
  });

  it('is refused once its session was deleted for good', async () => {
    const user = 'eve';
    const { sessionId } = await importRun(run, requestOf(user), importing.fresh());
    await importing.store.tombstone(`session-${sessionId}`);

    await expect(importRun(run, requestOf(user), importing.fresh())).rejects.toMatchObject({
      name: 'ImportRefused',
      code: 'stream-tombstoned',
    });
  });

  it('posts messages that together exceed what one append may have', async () => {
    const large = await readOne(
      Array.from({ length: 3 }, (_, index) => ({
        role: 'user',
        content: `${index}${'\u0001'.repeat(160 * 1024)}`,
      })),
    );
    const result = await importRun(large, requestOf('fred'), importing.fresh());

    expect(large.warnings).toEqual([
      'content is cut: larger than 900 KiB (messages[0], messages[1], messages[2])',
    ]);
    expect(result).toMatchObject({ messages: 3, checkpoints: 0 });
  });

  it('tells how far it is', async () => {
    const seen: unknown[] = [];
    await importRun(run, requestOf('gus'), importing.fresh(), (progress) => seen.push(progress));

    expect(seen).toContainEqual({ messages: 4, checkpoints: 1 });
    expect(seen.at(-1)).toEqual({ messages: 6, checkpoints: 2 });
  });
});

// Handlers whose nth command meets a store that is away: before it was carried out, or after.
const breakingAt = (
  nth: number,
  isCarriedOut: boolean,
  { streams, sessions, executions }: ImportDependencies,
): ImportDependencies => {
  let sent = 0;
  const breaking =
    <Args extends unknown[], Result>(handle: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const isLast = sent++ === nth;
      if (isLast && !isCarriedOut) throw new StoreUnavailable('away');
      const result = await handle(...args);
      if (isLast) throw new StoreUnavailable('away');
      return result;
    };
  return { streams, sessions: breaking(sessions), executions: breaking(executions) };
};

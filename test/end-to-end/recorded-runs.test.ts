import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { projections } from '../../projections/index.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { collectionName } from '../../src/projecting/read-model.js';
import { startRunner } from '../../src/projecting/runner.js';
import { connectDatabase } from '../../src/queries/database.js';
import { openStores } from '../../src/stores.js';
import { all, ask, importLines, type Json, send } from '../support/api.js';
import { Follower } from '../support/follower.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { isRecordedDataThere, recordedFiles } from '../support/recorded-data.js';

const minutes = 60_000;

/**
 * Whether every recording is imported: 271 runs, which the machine is busy with for minutes. By default it is 100 of
 * them, of every format: all of SWE-agent, one of the two files of tau-bench, and each sixth of mini-SWE-agent, with
 * the longest run and one that failed at once among them. FORKLINE_RECORDED=all takes every one.
 */
const isEvery = process.env.FORKLINE_RECORDED === 'all';
const isTaken = (file: string, n: number): boolean =>
  isEvery || (file.includes('/mini-swe-agent/') ? n % 6 === 0 : !file.includes('gpt-4o-airline'));

/** What the recordings hold: all of them by the READMEs that describe them, some as counted in the files. */
const recordedTotals = isEvery
  ? { runs: 271, messages: 14_707, checkpoints: 7_082 }
  : { runs: 100, messages: 4_161, checkpoints: 1_982 };
const describeWithData = isRecordedDataThere ? describe : describe.skip;

describeWithData('recorded runs of real agents (skipped where ../shared/data is missing)', () => {
  let folder: string;
  let program: Program;
  let steady: Follower;
  let restless: Follower;
  let items: Json[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    program = await startProgram(folder);
    steady = new Follower(() => program.url);
    restless = new Follower(() => program.url);
  });

  afterAll(async () => {
    steady.close();
    restless.close();
    await program.stop();
    await removeFolder(folder);
  });

  /** Imports every file, or one of so many, four at a time, and gives what became of the runs. */
  const importAll = async (onItem: () => void = () => {}, oneOf = 1): Promise<Json[]> => {
    const taken = (await recordedFiles()).filter(isTaken);
    const files = taken.filter((_, n) => n % oneOf === 0);
    const found: Json[] = [];
    const work = async () => {
      for (let file = files.shift(); file; file = files.shift())
        for await (const line of importLines(program.url, file)) {
          if (line.problem || line.unreadable) throw new Error(JSON.stringify(line));
          if (!line.item) continue;
          found.push(line.item);
          onItem();
        }
    };
    await Promise.all([work(), work(), work(), work()]);
    return found;
  };

  it(
    'are imported once and wholly, although the process is killed in the middle and the import repeated',
    async () => {
      let imported = 0;
      const cutOff = importAll(() => {
        imported += 1;
        if (imported % 10 === 0) restless.drop();
        if (imported === 60) void program.kill();
      });
      await expect(cutOff).rejects.toThrow();

      program = await startProgram(folder);
      items = await importAll(() => {
        imported += 1;
        if (imported % 25 === 0) restless.drop();
      });

      expect(totalsOf(items)).toEqual(recordedTotals);
      expect(new Set(items.map(({ sessionId }) => sessionId)).size).toBe(recordedTotals.runs);
    },
    10 * minutes,
  );

  it(
    'stand in the read models with as many sessions, messages and checkpoints as were recorded',
    async () => {
      const position = await headOf(program.url);
      const sessions = await all(program.url, `/v1/sessions?after=${position}`);
      const executions = await all(program.url, `/v1/executions?after=${position}`);
      expect(sessions).toHaveLength(recordedTotals.runs);
      expect(executions.filter(({ sessionId }) => sessionId)).toHaveLength(recordedTotals.runs);
      expect(sum(sessions, 'messageCount')).toBe(recordedTotals.messages);
      expect(sum(executions, 'checkpointCount')).toBe(recordedTotals.checkpoints);
    },
    2 * minutes,
  );

  it(
    'add nothing when some of them are imported again',
    async () => {
      const again = await importAll(undefined, 2);
      const first = new Map(items.map((item) => [item.sessionId, item]));
      expect(again.length).toBeGreaterThan(10);
      expect(totalsOf(again)).toEqual(
        totalsOf(again.map(({ sessionId }) => first.get(sessionId)!)),
      );
      expect(sum(again, 'added')).toBe(0);
    },
    5 * minutes,
  );

  it(
    'are forked at ten steps of the longest, each fork the original up to there and then its own',
    async () => {
      const { url } = program;
      const longest = items.reduce((a, b) => (b.messages > a.messages ? b : a));
      const session = `session-${longest.sessionId}`;
      const execution = `execution-${longest.executionId}`;
      const before = await everythingOf(url, longest.sessionId, longest.executionId);
      const steps = before.timeline.items as Json[];

      for (let n = 0; n < 10; n++) {
        const step = steps[Math.floor(((n + 0.5) * steps.length) / 10)]!;
        const fork = await send(url, `/v1/streams/${execution}/forks`, { at: step.revision });
        expect(fork.revision).toBe(step.revision + 1);
        const timeline = await ask(
          url,
          `/v1/executions/${fork.id}/timeline?after=${fork.position}&limit=500`,
        );
        const upTo = steps.filter(({ revision }) => revision <= step.revision);
        expect(timeline.items.map(idAndStage)).toEqual(upTo.map(idAndStage));
        const forked = await ask(url, `/v1/streams/execution-${fork.id}/state?whole=true`);
        const original = await ask(
          url,
          `/v1/streams/${execution}/state?whole=true&at=${step.revision}`,
        );
        expect(withoutOrigin(forked.state)).toEqual(original.state);

        const message = before.messages[Math.floor(((n + 0.5) * before.messages.length) / 10)]!;
        const sessionFork = await send(url, `/v1/streams/${session}/forks`, {
          at: message.revision,
          amendments: [{ type: 'PostMessage', role: 'user', content: `another way, ${n}` }],
        });
        const messages = await all(
          url,
          `/v1/sessions/${sessionFork.id}/messages?after=${sessionFork.position}`,
        );
        const inherited = before.messages.filter(({ revision }) => revision <= message.revision);
        expect(messages.slice(0, -1).map(withoutOrigin)).toEqual(inherited);
        expect(messages.at(-1)).toMatchObject({ content: `another way, ${n}` });

        const own = await all(
          url,
          `/v1/streams/session-${sessionFork.id}/events?from=${message.revision + 1}`,
        );
        expect(own.map(({ type }) => type)).toEqual(['StreamForked', 'MessagePosted']);
      }
      const after = await everythingOf(url, longest.sessionId, longest.executionId);
      expect(after.events).toEqual(before.events);
      expect(after.messages).toEqual(before.messages);
      expect(after.timeline.items.map(idAndStage)).toEqual(steps.map(idAndStage));
    },
    5 * minutes,
  );

  it(
    'were seen on the feed by a client that stayed and by one that kept dropping, each event once and in order',
    async () => {
      const position = await headOf(program.url);
      await Promise.all([steady.seen(position), restless.seen(position)]);
      const positions = steady.events.map((event) => Number(event.position));
      expect(positions.every((place, index) => place > (positions[index - 1] ?? -1))).toBe(true);
      expect(restless.events).toEqual(steady.events);

      const late = new Follower(() => program.url);
      await late.seen(position);
      late.close();
      expect(late.events).toEqual(steady.events);
    },
    2 * minutes,
  );

  it(
    'give the same documents when the read models are built again from the first event',
    async () => {
      await headOf(program.url);
      await program.stop();
      const stores = await openStores({ dataDir: folder });
      const store = connectEventStore(stores.eventStoreUrl);
      const database = await connectDatabase(stores.mongoUrl, 'forkline');
      const rebuilt = (projection: { name: string; version: number }) =>
        `${collectionName(projection)}_rebuilt`;
      const runner = await startRunner({
        ...{ store, db: database.db, projections, log: pino({ level: 'silent' }) },
        streams: withLineage(store),
        collectionOf: rebuilt,
      });
      const head = Number(steady.events.at(-1)!.position);
      for (const { name } of projections) await runner.progress(name).reached(head, 2 * minutes);

      const pairs = projections.flatMap((projection) => [
        [collectionName(projection), rebuilt(projection)],
        ...(projection.inherits
          ? [[`${collectionName(projection)}_history`, `${rebuilt(projection)}_history`]]
          : []),
      ]);
      expect(pairs.length).toBeGreaterThan(projections.length);
      const filled: string[] = [];
      for (const pair of pairs) {
        const [live, again] = await Promise.all(
          pair.map((name) => database.db.collection(name).find().sort({ _id: 1 }).toArray()),
        );
        expect(again).toEqual(live);
        if (again!.length > 0) filled.push(pair[0]!);
      }
      for (const name of ['sessions', 'messages', 'executions', 'checkpoints', 'streams'])
        expect(filled).toContainEqual(expect.stringMatching(`^${name}_v`));
      await runner.stop();
      await store.close();
      await database.close();
      await stores.stop();
    },
    5 * minutes,
  );
});

const totalsOf = (items: readonly Json[]) => ({
  runs: items.length,
  messages: sum(items, 'messages'),
  checkpoints: sum(items, 'checkpoints'),
});

const sum = (items: readonly Json[], field: string): number =>
  items.reduce((total, item) => total + item[field], 0);

/** A position that everything written so far is at or before: that of a write of its own. */
const headOf = async (url: string): Promise<number> =>
  Number((await send(url, '/v1/executions', { input: 'marks the place' })).position);

const everythingOf = async (url: string, sessionId: string, executionId: string) => ({
  messages: await all(url, `/v1/sessions/${sessionId}/messages`),
  timeline: await ask(url, `/v1/executions/${executionId}/timeline?limit=500`),
  events: await all(url, `/v1/streams/session-${sessionId}/events`),
});

const idAndStage = ({ id, checkpointId, stage, revision }: Json) => ({
  id: id ?? checkpointId,
  stage,
  revision,
});

const withoutOrigin = ({ origin: _, forkedFrom: __, ...rest }: Json): Json => rest;

// What a long stream costs beside a short one: on a node that has seen neither, the state at a revision
// and at a time, a command, a fork with amendments and a plain one. Build, then
//   node dist/test/bench/replay/long-streams.js [events in the long one] [rounds]
// 100,000 events and 101 rounds by default. Prints medians in milliseconds and their ratio, which is to be about 1.
import { v4 as newId } from 'uuid';
import { forkStream } from '../../../src/commands/fork.js';
import { commandHandler } from '../../../src/commands/handle.js';
import { isRejection } from '../../../src/domain/decider.js';
import { type SessionCommand, session } from '../../../src/domain/session.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import type { Sources } from '../../../src/eventstore/load.js';
import { headAt } from '../../../src/replay/state-at.js';
import { startTestStores } from '../../projecting/support/stores.js';
import { keptThrough, openSnapshots } from '../../replay/support/snapshots.js';
import { all } from '../../support/new-events.js';
import { request } from '../../support/requests.js';
import { idOf, partOf, textOf, writeSession } from '../core/support/traffic.js';

const [longLength = 100_000, rounds = 101] = process.argv.slice(2).map(Number);
const lengths = [1_000, longLength] as const;

const stores = await startTestStores();
const snapshots = await openSnapshots(stores.db, stores.streams);

type Stream = Readonly<{ id: string; stream: string; length: number; middle: string }>;

const write = async (length: number): Promise<Stream> => {
  const id = idOf(`session of ${length}`);
  const stream = `session-${id}`;
  await writeSession(stores.streams, id, length - 1, 50);
  const start = performance.now();
  await keptThrough(snapshots, stream, length - 1);
  console.log(`snapshots of ${length} events: ${Math.round(performance.now() - start)} ms`);
  const [event] = await all(stores.streams.read(stream, { from: length / 2, limit: 1 }));
  return { id, stream, length, middle: event?.created ?? '' };
};

const edit = (id: string, n: number): SessionCommand => ({
  ...{ type: 'EditMessage', messageId: partOf(id, n), content: textOf(newId().charCodeAt(0)) },
});
const accepted = <Outcome extends object>(outcome: Outcome): Outcome => {
  if (isRejection(outcome)) throw new Error(JSON.stringify(outcome));
  return outcome;
};
const fork = ({ id: of, length }: Stream, amendments: readonly SessionCommand[]) => ({
  ...{ of, at: length / 2, id: newId(), amendments },
});

/** Each on a node of its own: nothing is remembered from one time to the next. */
const works: Readonly<Record<string, (from: Sources, stream: Stream) => Promise<object>>> = {
  'state at a revision': (from, { stream, length }) =>
    headAt(from, 'session', stream, Math.floor(length / 2)),
  'state at a time': (from, { stream, middle }) => headAt(from, 'session', stream, middle),
  'state at the head': (from, { stream }) => headAt(from, 'session', stream, undefined),
  'cold command': async ({ streams, ...from }, { id }) =>
    accepted(await commandHandler(streams, session, from)(id, [edit(id, 0)], request())),
  'amended fork': async ({ streams }, stream) => {
    const amended = fork(stream, [edit(stream.id, 2)]);
    return accepted(await forkStream(streams, session, amended, request(), snapshots));
  },
  'plain fork': async ({ streams }, stream) =>
    accepted(await forkStream(streams, session, fork(stream, []), request())),
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const [short, long] = [await write(lengths[0]), await write(lengths[1])];
const rows = [];
for (const [what, work] of Object.entries(works)) {
  const times = new Map<Stream, number[]>([
    [short, []],
    [long, []],
  ]);
  // One after the other in turn, so that both meet the machine in the same mood.
  for (let round = -5; round < rounds; round++)
    for (const [stream, taken] of times) {
      const from = { streams: withLineage(stores.store), snapshots };
      const start = performance.now();
      await work(from, stream);
      if (round >= 0) taken.push(performance.now() - start);
    }
  const [inShort, inLong] = [...times.values()].map(median);
  rows.push({
    what,
    [`${lengths[0]} events, ms`]: inShort?.toFixed(2),
    [`${lengths[1]} events, ms`]: inLong?.toFixed(2),
    ratio: ((inLong ?? 0) / (inShort ?? 1)).toFixed(2),
  });
}
console.table(rows);
await snapshots.keeper.stop();
await stores.close();

import { toCursor } from '../../../../src/queries/page.js';
import { ask, type Json, send } from '../../../support/api.js';
import { partOf } from '../../core/support/traffic.js';
import type { LongStream } from './long-streams.js';

/** How many revisions lie between two snapshots. */
export const everyRevisions = 64;

const page = 50;

/** Something to ask for at a revision. What it needs is prepared before; what is prepared is timed. */
export type Work = Readonly<{
  what: string;
  prepare(at: number): Promise<() => Promise<Json>>;
}>;

/** What is measured on a stream of each length: the same questions of sessions and of executions, where both have them. */
export const worksOn = (url: string, { category, id, stream, length }: LongStream): Work[] => {
  const fork = (at: number, amendments: readonly object[]) =>
    send(url, `/v1/streams/${stream}/forks`, { at, amendments });
  const asked = (what: string, path: (at: number) => string): Work => ({
    what: `${category}: ${what}`,
    prepare: async (at) => async () => expectSome(await ask(url, path(at))),
  });
  const forked = (what: string, amendments: (round: number) => readonly object[]): Work => ({
    what: `${category}: ${what}`,
    prepare: async (at) => () => fork(at, amendments(at)),
  });
  const compared: Work = {
    what: `${category}: compare two forks`,
    prepare: async (at) => {
      const [a, b] = await Promise.all([fork(at, amended('a')), fork(at, amended('b'))]);
      const path = `/v1/streams/compare?a=${a.stream}&b=${b.stream}&limit=${page}`;
      return async () => expectSome(await ask(url, path), 'changes');
    },
  };
  const amended = (text: string): readonly object[] =>
    category === 'session'
      ? [{ type: 'EditMessage', messageId: partOf(id, 1), content: text }]
      : [
          {
            ...{ type: 'SaveCheckpoint', agent: 'planner', stage: 'loop', stageOrder: 0 },
            state: { n: -1, note: text },
          },
        ];
  const onBoth = [
    asked('state at a revision', (at) => `/v1/streams/${stream}/state?at=${at}`),
    asked('a page of steps', (at) => `/v1/streams/${stream}/steps?from=${at}&limit=${page}`),
    asked('a page of events', (at) => `/v1/streams/${stream}/events?from=${at}&limit=${page}`),
  ];
  const onOne =
    category === 'session'
      ? asked(
          'messages as of a revision',
          (at) => `/v1/sessions/${id}/messages?at=${at}&limit=${page}`,
        )
      : asked('a page of the timeline', (at) => {
          // On the short streams too there is something after it.
          const cursor = toCursor([Math.min(at, length - 2)]);
          return `/v1/executions/${id}/timeline?cursor=${cursor}&limit=${page}`;
        });
  return [
    ...onBoth,
    onOne,
    forked('fork', () => []),
    forked('fork with an amendment', (at) => amended(`at ${at}`)),
    compared,
  ];
};

/** An answer that has nothing in it would have been found fast. */
const expectSome = (answer: Json, field = 'items'): Json => {
  const found = answer[field] ?? answer.state;
  if (found === undefined || (Array.isArray(found) && found.length === 0))
    throw new Error(`an answer without ${field}: ${JSON.stringify(answer).slice(0, 200)}`);
  return answer;
};

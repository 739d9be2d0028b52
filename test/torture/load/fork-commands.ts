import type { Amendment } from '../../../src/client/client.js';
import type { Draw } from '../draw.js';
import { drawRecent, type Known, type Sort } from './command.js';
import type { Memory, Thing, ThingCategory } from './memory.js';

const forkable: readonly ThingCategory[] = [
  ...(['session', 'session', 'session', 'execution', 'execution'] as const),
  ...(['interrupt', 'task'] as const),
];

/**
 * Where to fork: the share of the stream is drawn, the revision is as far as that is in what the
 * client knows of the stream.
 */
const placeIn = (stream: string, share: number, known: Known): number =>
  Math.floor(share * ((known.revisionOf(stream) ?? 0) + 1));

/** What to fork: forks as well as what is none. */
const drawParent = (memory: Memory, draw: Draw, categories: readonly ThingCategory[]) => {
  const category = draw.of(categories);
  const thing = drawRecent(draw, memory.recent(category));
  return thing && { category, thing };
};

const amendmentsFor = (category: ThingCategory, fork: Thing, draw: Draw): readonly Amendment[] => {
  const id = draw.uuid();
  fork.entries.push(id);
  const [content, state] = [draw.uuid(), { amended: draw.uuid() }];
  const message = { type: 'PostMessage', messageId: id, role: 'user', content };
  const step = { agent: 'editor', stage: 'outline', stageOrder: 0 };
  const checkpoint = { type: 'SaveCheckpoint', checkpointId: id, ...step, state };
  return [category === 'session' ? message : checkpoint];
};

export const forkCommands: readonly Sort[] = [
  {
    ...{ kind: 'fork', weight: 5 },
    make: (memory, draw, known) => {
      const parent = drawParent(memory, draw, forkable);
      if (!parent) return undefined;
      const { stream } = parent.thing;
      const at = placeIn(stream, draw.number(), known);
      const { id, stream: makes } = memory.addFork(parent.category, draw);
      return {
        ...{ events: [1, 1], needs: [stream], makes, forks: { stream, at } },
        call: ({ streams }, options) => streams.fork(stream, { at, id }, options),
      };
    },
  },
  {
    ...{ kind: 'fork.amended', weight: 2 },
    make: (memory, draw, known) => {
      const parent = drawParent(memory, draw, ['session', 'execution']);
      if (!parent) return undefined;
      const { stream } = parent.thing;
      const at = placeIn(stream, draw.number(), known);
      const fork = memory.addFork(parent.category, draw);
      const { id, stream: makes } = fork;
      const amendments = amendmentsFor(parent.category, fork, draw);
      return {
        ...{ events: [2, 2], needs: [stream], makes, forks: { stream, at } },
        call: ({ streams }, options) => streams.fork(stream, { at, id, amendments }, options),
      };
    },
  },
  {
    ...{ kind: 'fork.tree', weight: 1.5 },
    make: (memory, draw, known) => {
      const parent = drawParent(memory, draw, ['session']);
      if (!parent) return undefined;
      const { stream } = parent.thing;
      const at = placeIn(stream, draw.number(), known);
      const resume = draw.chance(0.3);
      const { id, stream: makes } = memory.addFork('session', draw);
      return {
        ...{ events: [1, null], needs: [stream], makes, forks: { stream, at } },
        call: ({ streams }, options) =>
          streams.fork(stream, { at, id, scope: 'tree', resume }, options),
      };
    },
  },
  {
    ...{ kind: 'fork.detach', weight: 2 },
    make: (memory, draw) => {
      const fork = drawRecent(draw, memory.forks());
      return (
        fork && {
          ...{ events: [0, 1], needs: [fork.stream] },
          call: ({ streams }, options) => streams.detach(fork.stream, options),
        }
      );
    },
  },
];

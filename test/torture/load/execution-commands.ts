import type { Draw } from '../draw.js';
import { drawRecent, type Sort } from './command.js';
import type { Memory } from './memory.js';

const one = [1, 1] as const;
const oneOrNone = [0, 1] as const;

const execution = (memory: Memory, draw: Draw) => drawRecent(draw, memory.recent('execution'));

/** Stages that workers of this run carry out, behind one that the client saves a checkpoint for. */
const pipeline = {
  name: 'report',
  stages: [
    { name: 'outline', agent: 'editor' },
    { name: 'write', agent: 'writer', queue: 'stages' },
    { name: 'check', agent: 'reader', queue: 'stages' },
  ],
};

export const executionCommands: readonly Sort[] = [
  {
    ...{ kind: 'execution.start', weight: 4 },
    make: (memory, draw) => {
      const { id, stream } = memory.add('execution', draw);
      const session = drawRecent(draw, memory.recent('session'));
      const hasPipeline = draw.chance(0.4);
      const body = { id, input: { about: draw.uuid() }, ...(hasPipeline && { pipeline }) };
      const within = session && draw.chance(0.6) ? { sessionId: session.id } : {};
      return {
        ...{ events: one, makes: stream },
        call: ({ executions }, options) => executions.start({ ...body, ...within }, options),
        readBack: async ({ executions }, { position }) => {
          const found = await executions.get(id, { after: position });
          return found.id === id ? undefined : `it is ${found.id}`;
        },
      };
    },
  },
  {
    ...{ kind: 'checkpoint.save', weight: 9 },
    make: (memory, draw) => {
      const thing = execution(memory, draw);
      if (!thing) return undefined;
      const id = draw.uuid();
      const state = { step: thing.entries.length, [`field${draw.below(4)}`]: draw.uuid() };
      const body = { id, agent: 'editor', stage: 'outline', stageOrder: 0, state };
      thing.entries.push(id);
      return {
        ...{ events: one, needs: [thing.stream] },
        call: async ({ executions }, options) => ({
          ...(await executions.checkpoint(thing.id, body, options)),
        }),
        readBack: async ({ checkpoints }, { position }) => {
          const found = await checkpoints.get(id, { after: position });
          const is = JSON.stringify(found.state);
          return is === JSON.stringify(state) ? undefined : `its state is ${is}`;
        },
      };
    },
  },
  ...(['complete', 'fail', 'cancel'] as const).map(
    (verb): Sort => ({
      kind: `execution.${verb}`,
      weight: 0.5,
      make: (memory, draw) => {
        const thing = execution(memory, draw);
        const why = draw.uuid();
        return (
          thing && {
            ...{ events: oneOrNone, needs: [thing.stream] },
            call: ({ executions }, options) => {
              if (verb === 'complete')
                return executions.complete(thing.id, { output: why }, options);
              if (verb === 'fail') return executions.fail(thing.id, { error: why }, options);
              return executions.cancel(thing.id, { reason: why }, options);
            },
          }
        );
      },
    }),
  ),
  {
    ...{ kind: 'checkpoint.prune', weight: 1 },
    make: (memory, draw) => {
      const thing = execution(memory, draw);
      const keepLast = draw.between(1, 5);
      return (
        thing && {
          ...{ events: oneOrNone, needs: [thing.stream] },
          call: ({ executions }, options) => executions.prune(thing.id, { keepLast }, options),
        }
      );
    },
  },
];

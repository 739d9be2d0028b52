import type { BulkOutcome, Written } from '../../../src/client/client.js';
import type { Draw } from '../draw.js';
import { drawRecent, type Sort } from './command.js';
import type { Memory } from './memory.js';

const one = [1, 1] as const;

const task = (memory: Memory, draw: Draw) => drawRecent(draw, memory.recent('task'));

const newTask = (id: string, draw: Draw) => ({
  ...{ id, type: 'work', queue: 'work', priority: draw.below(10) },
  ...{ payload: draw.uuid(), maxAttempts: draw.between(2, 4) },
});

const writtenIn = ({ status, body }: BulkOutcome): readonly Written[] =>
  status < 300 && 'stream' in body ? [body] : [];

export const taskCommands: readonly Sort[] = [
  {
    ...{ kind: 'task.submit', weight: 6 },
    make: (memory, draw) => {
      const { id, stream } = memory.add('task', draw);
      const body = newTask(id, draw);
      const delaySeconds = draw.chance(0.3) ? draw.between(1, 5) : 0;
      // A moment of this run: what is drawn is how far off it is.
      const notBefore = new Date(Date.now() + delaySeconds * 1_000).toISOString();
      const later = delaySeconds > 0 ? { notBefore } : {};
      return {
        ...{ events: one, makes: stream },
        call: ({ tasks }, options) => tasks.submit({ ...body, ...later }, options),
        readBack: async ({ tasks }, { position }) => {
          const found = await tasks.get(id, { after: position });
          return found.payload === body.payload ? undefined : 'it has another payload';
        },
      };
    },
  },
  {
    ...{ kind: 'task.submit-many', weight: 1 },
    make: (memory, draw) => {
      const many = Array.from({ length: draw.between(3, 12) }, () => memory.add('task', draw));
      const bodies = many.map(({ id }) => newTask(id, draw));
      return {
        events: [0, many.length],
        call: async ({ tasks }, options) =>
          (await tasks.submitMany(bodies, options)).items.flatMap(writtenIn),
      };
    },
  },
  {
    ...{ kind: 'task.cancel', weight: 1 },
    make: (memory, draw) => {
      const thing = task(memory, draw);
      return (
        thing && {
          ...{ events: [0, 1], needs: [thing.stream] },
          call: ({ tasks }, options) => tasks.cancel(thing.id, {}, options),
        }
      );
    },
  },
  {
    ...{ kind: 'task.retry', weight: 1 },
    make: (memory, draw) => {
      const thing = task(memory, draw);
      return (
        thing && {
          ...{ events: [0, 1], needs: [thing.stream] },
          call: ({ tasks }, options) => tasks.retry(thing.id, options),
        }
      );
    },
  },
];

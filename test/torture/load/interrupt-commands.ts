import type { InterruptKind } from '../../../src/client/client.js';
import type { Draw } from '../draw.js';
import { drawRecent, type Sort } from './command.js';
import type { Memory } from './memory.js';

const one = [1, 1] as const;
const oneOrNone = [0, 1] as const;
const kinds: readonly InterruptKind[] = ['checkpoint', 'resource_exhausted', 'timeout'];

const interrupt = (memory: Memory, draw: Draw) => drawRecent(draw, memory.recent('interrupt'));

export const interruptCommands: readonly Sort[] = [
  {
    ...{ kind: 'interrupt.raise', weight: 6 },
    make: (memory, draw) => {
      const session = drawRecent(draw, memory.recent('session'));
      if (!session) return undefined;
      const { id, stream } = memory.add('interrupt', draw);
      // Most expire in the run, and all of those are expected to.
      const ttlSeconds = draw.chance(0.8) ? draw.between(1, 8) : null;
      const asked = { kind: draw.of(kinds), requestId: draw.uuid(), question: 'Go on?' };
      return {
        ...{ events: one, needs: [session.stream], makes: stream },
        call: ({ interrupts }, options) =>
          interrupts.raise({ id, sessionId: session.id, ...asked, ttlSeconds }, options),
      };
    },
  },
  {
    ...{ kind: 'interrupt.respond', weight: 3 },
    make: (memory, draw) => {
      const thing = interrupt(memory, draw);
      const text = draw.uuid();
      return (
        thing && {
          ...{ events: oneOrNone, needs: [thing.stream] },
          call: ({ interrupts }, options) => interrupts.respond(thing.id, { text }, options),
        }
      );
    },
  },
  {
    ...{ kind: 'interrupt.cancel', weight: 1 },
    make: (memory, draw) => {
      const thing = interrupt(memory, draw);
      return (
        thing && {
          ...{ events: oneOrNone, needs: [thing.stream] },
          call: ({ interrupts }, options) => interrupts.cancel(thing.id, {}, options),
        }
      );
    },
  },
];

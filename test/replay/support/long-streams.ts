import { v4 as newId } from 'uuid';
import type { EventStore, NewEvent } from '../../../src/eventstore/event-store.js';
import { checkpoint, savedInFull, started } from '../../support/execution-facts.js';
import { newEvent } from '../../support/new-events.js';
import { created, posted, question } from '../../support/session-facts.js';

const factAt = {
  session: (n: number) => (n === 0 ? created : posted({ ...question, messageId: `m-${n}` })),
  execution: (n: number) => (n === 0 ? started : savedInFull(checkpoint(`c-${n}`, { step: n }))),
};

/** Puts a stream of so many events into a store directly: messages `m-1` and on, or checkpoints `c-1` and on. */
export const streamOf = async (
  store: EventStore,
  category: keyof typeof factAt,
  length: number,
): Promise<Readonly<{ id: string; stream: string }>> => {
  const id = newId();
  const stream = `${category}-${id}`;
  for (let from = 0; from < length; from += 1_000) {
    const count = Math.min(1_000, length - from);
    const events = Array.from(
      { length: count },
      (_, n): NewEvent => ({ ...newEvent(from + n), ...factAt[category](from + n) }),
    );
    await store.append(stream, events, from === 0 ? 'none' : from - 1);
  }
  return { id, stream };
};

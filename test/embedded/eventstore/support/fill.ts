import { decideAppend } from '../../../../src/embedded/eventstore/storage/decide-append.js';
import { openStore } from '../../../../src/embedded/eventstore/storage/store.js';

const eventsPerAppend = 10;
const appendsAtOnce = 400;

const eventId = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** The name of a stream that {@link fillStore} makes. */
export const filledStream = (n: number): string => `filled-${n}`;

/**
 * Fills a folder with events in many streams, all growing side by side as they do in life. It writes
 * past gRPC, which would take most of the time.
 */
export const fillStore = async (
  dataDir: string,
  { events, streams, dataBytes = 100 }: { events: number; streams: number; dataBytes?: number },
): Promise<void> => {
  const store = await openStore(dataDir);
  const data = Buffer.from(JSON.stringify({ text: 'x'.repeat(dataBytes) }));
  let waiting: Promise<unknown>[] = [];
  for (let n = 0; n < events; n += eventsPerAppend) {
    const stream = filledStream((n / eventsPerAppend) % streams);
    const proposed = Array.from({ length: eventsPerAppend }, (_, index) => ({
      id: eventId(n + index),
      type: 'Filled',
      isJson: true,
      customMetadata: Buffer.alloc(0),
      data,
    }));
    const append = { stream, expected: 'any' as const, events: proposed };
    waiting.push(store.writer.submit((batch) => decideAppend(batch, append), dataBytes * 10));
    if (waiting.length === appendsAtOnce) {
      await Promise.all(waiting);
      waiting = [];
    }
  }
  await Promise.all(waiting);
  await store.close();
};

import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { LogEntry } from '../../../src/embedded/eventstore/storage/log-entry.js';
import { LogTail } from '../../../src/embedded/eventstore/storage/log-tail.js';
import { encodeRecorded } from '../../../src/embedded/eventstore/wire/recorded-event.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const entryAt = (position: number, dataBytes: number): LogEntry => {
  const event = {
    id: '00000000-0000-4000-8000-000000000000',
    type: 'Kept',
    isJson: false,
    customMetadata: Buffer.alloc(0),
    data: Buffer.alloc(dataBytes),
  };
  const place = { stream: 'tail-1', revision: position, position, created: 0 };
  return new LogEntry(position, encodeRecorded(event, place));
};

/** Adds events from position 1 on. @returns what does not keep them alive */
const filled = (tail: LogTail, count: number, dataBytes: number): WeakRef<LogEntry>[] =>
  Array.from({ length: count }, (_, index) => {
    const entry = entryAt(index + 1, dataBytes);
    tail.add([entry]);
    return new WeakRef(entry);
  });

describe('the tail of the log', () => {
  it('keeps the newest 8192 small events', () => {
    const tail = new LogTail();
    filled(tail, 20_000, 10);
    expect(tail.get(20_000)?.position).toBe(20_000);
    expect(tail.get(20_000 - 8_191)?.position).toBe(20_000 - 8_191);
    expect(tail.get(20_000 - 8_192)).toBeUndefined();
    expect(tail.from(19_999, 10)?.map(({ position }) => position)).toEqual([19_999, 20_000]);
    expect(tail.from(1, 10)).toBeUndefined();
  });

  it('lets go of large events as newer ones come', async () => {
    const tail = new LogTail();
    const added = filled(tail, 64, 1024 * 1024);
    await nextTurn();
    collectGarbage();
    const alive = added.filter((entry) => entry.deref() !== undefined).length;
    expect(tail.get(64)?.position).toBe(64);
    expect(alive).toBeGreaterThanOrEqual(15);
    expect(alive).toBeLessThanOrEqual(2 * 16);
  });
});

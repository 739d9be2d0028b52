import { describe, expect, it } from '@jest/globals';
import { commandLog, commandsIn } from '../../src/eventstore/carried-out.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { newEvent } from '../support/new-events.js';

const eventOf = (commandId: string, revision: number, stream = 'session-a'): StoredEvent => ({
  ...newEvent(revision),
  metadata: { ...newEvent(revision).metadata, commandId },
  ...{ stream, revision, position: revision * 10, created: '2026-01-01T00:00:00.000Z', size: 0 },
});
const command = (commandId: string, revision: number) => ({
  ...{ commandId, revision, position: revision * 10 },
});

describe('the commands among events', () => {
  it('stand at the place of their last event', () => {
    const { note, all } = commandsIn('session-a');
    for (const event of [eventOf('a', 0), eventOf('a', 1), eventOf('b', 2)]) note(event);
    expect(all()).toStrictEqual([command('a', 1), command('b', 2)]);
  });
  it('are those of the stream itself, not of the one it was forked from', () => {
    const { note, all } = commandsIn('session-b');
    for (const event of [eventOf('a', 0), eventOf('b', 1, 'session-b')]) note(event);
    expect(all()).toStrictEqual([command('b', 1)]);
  });
  it('go on from those known before, which stay as they were', () => {
    const known = [command('a', 1)];
    const { note, all } = commandsIn('session-a', known);
    note(eventOf('a', 2));
    expect(all()).toStrictEqual([command('a', 2)]);
    expect(known).toStrictEqual([command('a', 1)]);
  });
  it('leave out events that no command made', () => {
    const { note, all } = commandsIn('session-a');
    note({ ...eventOf('a', 0), metadata: {} as StoredEvent['metadata'] });
    expect(all()).toStrictEqual([]);
  });
});

it('keeps the last 1,000 commands, whether read or added', () => {
  const { note, all } = commandsIn('session-a');
  const log = commandLog();
  for (let n = 0; n < 5_000; n++) {
    note(eventOf(`c-${n}`, n));
    log.note(command(`c-${n}`, n));
  }
  expect(log.all()).toHaveLength(1_000);
  expect(log.find('c-3999')).toBeUndefined();
  expect(log.find('c-4000')).toStrictEqual(command('c-4000', 4_000));
  expect(all()).toStrictEqual(log.all());
  expect(commandLog(all()).all()).toStrictEqual(all());
});

it('a command noted again moves to its last place', () => {
  const log = commandLog([command('a', 1), command('b', 2)]);
  log.note(command('a', 3));
  expect(log.all()).toStrictEqual([command('b', 2), command('a', 3)]);
});

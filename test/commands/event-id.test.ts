import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { eventId } from '../../src/commands/event-id.js';

it('is a UUID of version 5, named by the index in the namespace of the command', () => {
  fc.assert(
    fc.property(fc.uuid({ version: [1, 4, 5, 7] }), fc.nat(), (commandId, index) => {
      expect(eventId(commandId, index)).toBe(v5(String(index), commandId));
    }),
  );
});

it('is the same whatever letters the id of the command is written in', () => {
  const commandId = '9C5B94B1-35AD-49BB-B118-8E8FC24ABF80';
  expect(eventId(commandId, 3)).toBe(eventId(commandId.toLowerCase(), 3));
});

it.each(['', 'import', '9c5b94b1-35ad-49bb-b118', '9c5b94b1-35ad-49bb-b118-8e8fc24abf8x'])(
  'of a command whose id is no UUID is refused: %j',
  (commandId) => {
    expect(() => eventId(commandId, 0)).toThrow(TypeError);
  },
);

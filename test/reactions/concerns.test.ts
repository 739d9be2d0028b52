import { expect, it } from '@jest/globals';
import { unreadableType } from '../../src/eventstore/event-store.js';
import { concerns } from '../../src/reactions/handling.js';

const reaction = { name: 'r', handle: async () => {} };
const event = (type: string, stream = 'session-1') => ({ type, stream });

it('a reaction is concerned by every event unless it says which', () => {
  expect(concerns(reaction, event('Anything', 'other-1'))).toBe(true);
});

it('one of some categories passes by the streams of others', () => {
  const ofSessions = { ...reaction, categories: ['session'] };
  expect(concerns(ofSessions, event('MessagePosted'))).toBe(true);
  expect(concerns(ofSessions, event('MessagePosted', 'sessions-1'))).toBe(false);
});

it('one of some types passes by the others, but nothing that cannot be read', () => {
  const ofEnds = { ...reaction, types: ['SessionTerminated'] };
  expect(concerns(ofEnds, event('SessionTerminated'))).toBe(true);
  expect(concerns(ofEnds, event('MessagePosted'))).toBe(false);
  expect(concerns(ofEnds, event(unreadableType))).toBe(true);
});

it('one that ignores some passes them by, but nothing that cannot be read', () => {
  const ofOthers = {
    ...reaction,
    ignores: ({ stream }: { stream: string }) => stream === 'session-1',
  };
  expect(concerns(ofOthers, event('MessagePosted'))).toBe(false);
  expect(concerns(ofOthers, event('MessagePosted', 'session-2'))).toBe(true);
  expect(concerns(ofOthers, event(unreadableType))).toBe(true);
});

import { deepStrictEqual } from 'node:assert/strict';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRejection } from '../../src/domain/decider.js';
import { type Session, session } from '../../src/domain/session.js';
import { carryOut } from '../support/carry-out.js';
import { sessionLives } from '../support/random-commands.js';

/** Every move there is, as the documentation of the events draws them. */
const moves = new Set([
  ...['absent → created', 'created → active', 'active → processing', 'processing → active'],
  ...['active → paused', 'paused → active', 'active → completed', 'active → failed'],
  ...['processing → completed', 'processing → failed'],
  ...['created', 'active', 'processing', 'paused', 'completed', 'failed'].map(
    (status) => `${status} → terminated`,
  ),
]);

const isDeleted = (state: Session): boolean => state.status !== 'absent' && state.deleted;

it('moves only along its state machine', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      for (const { before, after } of carryOut(session, commands))
        if (before.status !== after.status)
          expect(moves).toContain(`${before.status} → ${after.status}`);
    }),
  ));

it('takes no message, no edit and no deletion of one while paused, terminated or deleted', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      for (const { before, events } of carryOut(session, commands))
        if (['paused', 'terminated', 'absent'].includes(before.status) || isDeleted(before))
          expect(events.filter(({ type }) => type.startsWith('Message'))).toStrictEqual([]);
    }),
  ));

it('changes in nothing but being there while deleted', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      for (const { before, events } of carryOut(session, commands))
        if (isDeleted(before))
          expect(
            events.map(({ type }) => type).filter((type) => type !== 'SessionRestored'),
          ).toEqual([]);
    }),
  ));

it('adds nothing when the same command comes twice', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      for (const { command, decision, after } of carryOut(session, commands))
        deepStrictEqual(session.decide(command, after), isRejection(decision) ? decision : []);
    }),
  ));

it('has every message under its id as last posted, edited and deleted', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      const expected = new Map<string, { content: unknown; deleted: boolean }>();
      for (const { events, after } of carryOut(session, commands)) {
        for (const { type, data } of events) {
          if (type === 'MessagePosted')
            expected.set(data.messageId, { content: data.content, deleted: false });
          if (type === 'MessageEdited')
            expected.set(data.messageId, { content: data.content, deleted: false });
          if (type === 'MessageDeleted')
            expected.set(data.messageId, { ...expected.get(data.messageId)!, deleted: true });
        }
        const messages = after.status === 'absent' ? [] : [...after.messages];
        deepStrictEqual(
          new Map(messages.map(([id, { content, deleted }]) => [id, { content, deleted }])),
          expected,
        );
      }
    }),
  ));

it('belongs to whoever created it, for good', () =>
  fc.assert(
    fc.property(sessionLives, (commands) => {
      const [first, ...later] = carryOut(session, commands);
      const owner = first?.command.type === 'CreateSession' ? first.command.userId : undefined;
      for (const { after } of later) expect(session.ownerOf(after)).toBe(owner);
    }),
  ));

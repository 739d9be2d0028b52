import { describe, expect, it } from '@jest/globals';
import { applyDelta } from '../../src/domain/delta.js';
import type { JsonObject } from '../../src/domain/json.js';
import { session } from '../../src/domain/session.js';
import { task } from '../../src/domain/task.js';
import { entryChanges, headChanges } from '../../src/replay/changes.js';
import { created, posted, question } from '../support/session-facts.js';
import { claimed, submitted } from '../support/task-facts.js';

const begun = session.evolve(session.initial, created);
const withMetadata = (metadata: JsonObject) => ({ ...begun, metadata });

describe('the changes of a state', () => {
  it('begin from an empty object', () => {
    const changes = headChanges(session, session.initial, begun);
    expect(applyDelta({}, changes)).toEqual(JSON.parse(JSON.stringify(begun)));
    expect(new Set(changes.map(({ op }) => op))).toEqual(new Set(['add']));
  });

  it('are in detail where they are small', () => {
    expect(
      headChanges(
        session,
        withMetadata({ a: 1, b: { c: [1, 2] } }),
        withMetadata({ b: { c: [1] } }),
      ),
    ).toEqual([
      { op: 'remove', path: '/metadata/b/c/1' },
      { op: 'remove', path: '/metadata/a' },
    ]);
  });

  it('are no larger than what they lead to', () => {
    const list = Array.from({ length: 5_000 }, (_, n) => n % 10);
    const after = { list: [9, ...list], same: true };
    expect(headChanges(session, withMetadata({ list, same: true }), withMetadata(after))).toEqual([
      { op: 'replace', path: '/metadata', value: after },
    ]);
  });

  it('name entries by their keys, whatever those are', () => {
    const key = 'a/b~c';
    const after = session.evolve(begun, posted({ ...question, messageId: key }));
    expect(headChanges(session, begun, after)).toEqual([]);
    const changes = entryChanges(session, begun, after, [key]);
    expect(changes).toMatchObject([{ op: 'add', path: '/messages/a~1b~0c' }]);
    const whole = (state: object): JsonObject => JSON.parse(JSON.stringify(state));
    expect(applyDelta(whole(begun), changes)).toEqual(whole(after));
    expect(entryChanges(session, after, after, [key, 'of no message'])).toEqual([]);
  });

  it('keep the token of a lease to its holder', () => {
    const ready = task.evolve(task.initial, submitted());
    const running = task.evolve(ready, claimed());
    const changes = headChanges(task, ready, running);
    expect(changes.find(({ path }) => path === '/lease')).toMatchObject({ op: 'add' });
    expect(JSON.stringify(changes)).not.toContain('token-1');
    expect(JSON.stringify(running)).toContain('token-1');
  });
});

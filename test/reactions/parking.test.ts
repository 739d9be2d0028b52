import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { RetryUnderWay } from '../../src/projecting/retry-parked.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { freshStream, newEvent, newEvents, numberOf } from '../support/new-events.js';
import { until } from '../support/until.js';
import { parkedOf, recorder, startTestReactions } from './support/reactions.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A reaction on the streams of a category, which fails for one of their events until it is mended. */
const fragile = (name: string, poison: (event: StoredEvent) => boolean) => {
  const { note, ...seen } = recorder();
  let isMended = false;
  let attempts = 0;
  return {
    ...seen,
    attempts: () => attempts,
    mend: () => {
      isMended = true;
    },
    reaction: {
      name,
      categories: [name],
      handle: async (event: StoredEvent) => {
        if (poison(event)) attempts += 1;
        if (poison(event) && !isMended) throw new Error('there is something wrong');
        note(event);
      },
    },
  };
};

/** Two streams of five events each, and a fragile reaction that fails for number 2 of the first. */
const withOneFailing = async (name: string) => {
  const [bad, good] = [freshStream(name), freshStream(name)];
  await stores.store.append(bad, newEvents(5), 'none');
  await stores.store.append(good, newEvents(5), 'none');
  const it = fragile(name, (event) => event.stream === bad && numberOf(event) === 2);
  const reactions = await startTestReactions(stores, it.reaction);
  await until(async () => (await parkedOf(stores, name)).length === 3);
  await until(() => it.of(good).length === 5);
  return { bad, good, ...it, reactions };
};

describe('an event that a reaction fails to handle', () => {
  it('is parked after bounded attempts, and so are later events of its key; others go on', async () => {
    const { bad, of, attempts, reactions } = await withOneFailing('parking');
    expect(of(bad)).toEqual([0, 1]);
    expect(attempts()).toBe(3);
    const parked = await parkedOf(stores, 'parking');
    expect(parked.map(({ revision, error, attempts }) => ({ revision, error, attempts }))).toEqual([
      { revision: 2, error: 'Error: there is something wrong', attempts: 3 },
      { revision: 3, error: null, attempts: 0 },
      { revision: 4, error: null, attempts: 0 },
    ]);
    await stores.store.append(bad, newEvents(1, 5), 4);
    await until(async () => (await parkedOf(stores, 'parking')).length === 4);
    await reactions.stop();
  });

  it('is handled with those behind it, in order, when it is retried and the cause is gone', async () => {
    const { bad, of, mend, reactions } = await withOneFailing('mending');
    const [first] = await parkedOf(stores, 'mending');
    expect(await reactions.retry('mending', first!.eventId)).toEqual({
      done: 0,
      error: 'Error: there is something wrong',
    });
    expect((await parkedOf(stores, 'mending')).map(({ attempts }) => attempts)).toEqual([4, 0, 0]);
    mend();
    const last = (await parkedOf(stores, 'mending')).at(-1);
    expect(await reactions.retry('mending', last!.eventId)).toEqual({ done: 3, error: null });
    await stores.store.append(bad, newEvents(1, 5), 4);
    await until(() => of(bad).length === 6);
    expect(of(bad)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await parkedOf(stores, 'mending')).toEqual([]);
    expect(await reactions.retry('mending', first!.eventId)).toBeUndefined();
    await reactions.stop();
  });

  it('is retried by one at a time', async () => {
    let isMended = false;
    let calls = 0;
    let finish = () => {};
    const stream = freshStream('twice');
    await stores.store.append(stream, newEvents(2), 'none');
    const reactions = await startTestReactions(stores, {
      name: 'twice',
      categories: ['twice'],
      handle: async () => {
        if (!isMended) throw new Error('there is something wrong');
        calls += 1;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    await until(async () => (await parkedOf(stores, 'twice')).length === 2);
    isMended = true;
    const [first, second] = await parkedOf(stores, 'twice');
    const retried = reactions.retry('twice', first!.eventId);
    await until(() => calls === 1);
    await expect(reactions.retry('twice', second!.eventId)).rejects.toThrow(RetryUnderWay);
    finish();
    await until(() => calls === 2);
    finish();
    expect(await retried).toEqual({ done: 2, error: null });
    await reactions.stop();
  });

  it('is passed over when it is discarded, and those behind it are handled', async () => {
    const { bad, of, reactions } = await withOneFailing('discarding');
    const [first] = await parkedOf(stores, 'discarding');
    expect(await reactions.discard('discarding', first!.eventId)).toEqual({ done: 2, error: null });
    expect(of(bad)).toEqual([0, 1, 3, 4]);
    expect(await reactions.retry('discarding', first!.eventId)).toBeUndefined();
    await reactions.stop();
  });

  it('does not hold its key when one that waited is discarded', async () => {
    const { bad, of, mend, reactions } = await withOneFailing('waiting');
    const [, second, third] = await parkedOf(stores, 'waiting');
    expect(await reactions.discard('waiting', second!.eventId)).toEqual({ done: 0, error: null });
    mend();
    expect(await reactions.retry('waiting', third!.eventId)).toEqual({ done: 2, error: null });
    expect(of(bad)).toEqual([0, 1, 2, 4]);
    await reactions.stop();
  });

  it('is passed over when its stream is deleted for good meanwhile, and so are those behind it', async () => {
    const [bad, good] = [freshStream('ending'), freshStream('ending')];
    await stores.store.append(bad, newEvents(3), 'none');
    await stores.store.append(good, newEvents(2), 'none');
    const { of, note } = recorder();
    const reactions = await startTestReactions(stores, {
      name: 'ending',
      categories: ['ending'],
      handle: async (event) => {
        if (event.stream === bad && numberOf(event) === 1) {
          await stores.store.tombstone(bad).catch(() => {});
          throw new Error('there is something wrong');
        }
        note(event);
      },
    });
    await until(() => of(good).length === 2 && of(bad).length === 2);
    expect(of(bad)).toEqual([0, 2]);
    for (const notes of ['parked', 'parked_lanes'])
      expect(await stores.db.collection(notes).countDocuments({ stream: bad })).toBe(0);
    await reactions.stop();
  });

  it('stays parked over a restart, and keeps its key', async () => {
    const { bad, mend, of, reactions, reaction } = await withOneFailing('restarting');
    await reactions.stop();
    mend();
    await stores.store.append(bad, newEvents(1, 5), 4);
    const again = await startTestReactions(stores, reaction);
    await until(async () => (await parkedOf(stores, 'restarting')).length === 4);
    const [first] = await parkedOf(stores, 'restarting');
    expect(await again.retry('restarting', first!.eventId)).toEqual({ done: 4, error: null });
    expect(of(bad)).toEqual([0, 1, 2, 3, 4, 5]);
    await again.stop();
  });
});

describe('a reaction with a key of its own', () => {
  /** Four streams of which two are of a kind each; events are of the kind. */
  const keyed = (name: string) => {
    const { note, handled } = recorder();
    let isBroken = true;
    const kindOf = ({ data }: StoredEvent) => (data as { kind: string }).kind;
    return {
      handled,
      mend: () => {
        isBroken = false;
      },
      reaction: {
        name,
        categories: [name],
        key: (event: StoredEvent) => {
          const kind = kindOf(event);
          if (kind === 'unknown' && isBroken) throw new Error('of no kind');
          return kind;
        },
        handle: async (event: StoredEvent) => {
          if (numberOf(event) === 1 && isBroken) throw new Error('there is something wrong');
          note(event);
        },
      },
    };
  };

  it('parks what has the same key, of whatever stream, and nothing else', async () => {
    const { handled, mend, reaction } = keyed('kinds');
    const [first, second] = [freshStream('kinds'), freshStream('kinds')];
    const reactions = await startTestReactions(stores, reaction);
    const { append } = stores.store;
    await append(first, [newEvent(0, { kind: 'a' }), newEvent(1, { kind: 'a' })], 'none');
    await until(async () => (await parkedOf(stores, 'kinds')).length === 1);
    await append(second, [newEvent(2, { kind: 'a' }), newEvent(3, { kind: 'b' })], 'none');
    await until(() => handled.includes(`${second}#3`));
    await until(async () => (await parkedOf(stores, 'kinds')).length === 2);
    const parked = await parkedOf(stores, 'kinds');
    expect(parked.map(({ lane, stream }) => [lane, stream])).toEqual([
      ['key:a', first],
      ['key:a', second],
    ]);
    mend();
    expect(await reactions.retry('kinds', parked[1]!.eventId)).toEqual({ done: 2, error: null });
    expect(handled).toEqual([`${first}#0`, `${second}#3`, `${first}#1`, `${second}#2`]);
    await reactions.stop();
  });

  it('holds the stream of an event that has none', async () => {
    const { handled, mend, reaction } = keyed('kindless');
    const [first, second] = [freshStream('kindless'), freshStream('kindless')];
    const reactions = await startTestReactions(stores, reaction);
    const events = [newEvent(2, { kind: 'unknown' }), newEvent(3, { kind: 'a' })];
    await stores.store.append(first, events, 'none');
    await stores.store.append(second, [newEvent(4, { kind: 'a' })], 'none');
    await until(() => handled.includes(`${second}#4`));
    await until(async () => (await parkedOf(stores, 'kindless')).length === 2);
    const parked = await parkedOf(stores, 'kindless');
    expect(parked.map(({ lane, error }) => [lane, error])).toEqual([
      [`stream:${first}`, 'Error: of no kind'],
      [`stream:${first}`, null],
    ]);
    mend();
    expect(await reactions.retry('kindless', parked[0]!.eventId)).toEqual({ done: 2, error: null });
    expect(handled).toEqual([`${second}#4`, `${first}#2`, `${first}#3`]);
    await reactions.stop();
  });
});

describe('an event that cannot be read', () => {
  it('is parked at once, with those behind it in its stream, and never handled', async () => {
    const { handled, note } = recorder();
    const [bad, good] = [freshStream('unread'), freshStream('unread')];
    const broken = { ...newEvent(0), type: 'SessionRenamed', data: { colour: 'red' } };
    await stores.store.append(bad, [broken, newEvent(1)], 'none');
    await stores.store.append(good, [newEvent(2)], 'none');
    const reactions = await startTestReactions(stores, {
      name: 'unread',
      categories: ['unread'],
      handle: async (event) => note(event),
    });
    await until(async () => (await parkedOf(stores, 'unread')).length === 2);
    await until(() => handled.length === 1);
    const [first] = await parkedOf(stores, 'unread');
    expect(first).toMatchObject({ type: 'SessionRenamed', attempts: 1 });
    expect(await reactions.retry('unread', first!.eventId)).toMatchObject({ done: 0 });
    expect(await reactions.discard('unread', first!.eventId)).toEqual({ done: 1, error: null });
    expect(handled).toEqual([`${good}#2`, `${bad}#1`]);
    await reactions.stop();
  });
});

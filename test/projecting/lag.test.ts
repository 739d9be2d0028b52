import { describe, expect, it } from '@jest/globals';
import { lagMeter } from '../../src/projecting/lag.js';

const at = (second: number) => new Date(second * 1000).toISOString();

/** A meter, and a clock in seconds that stands still until it is set. */
const meter = () => {
  let seconds = 0;
  const lag = lagMeter(() => seconds * 1000);
  return {
    ...lag,
    at: (now: number) => {
      seconds = now;
      return lag.now();
    },
  };
};

describe('the lag of read models', () => {
  it('is not known before anything has come', () => {
    const lag = meter();
    lag.opened();
    expect(lag.at(100)).toEqual({ events: null, seconds: null });
  });

  it('is, while they catch up, the age of the oldest event to fold, of which there may be any number', () => {
    const lag = meter();
    lag.opened();
    lag.received(at(10));
    lag.received(at(20));
    expect(lag.at(100)).toEqual({ events: null, seconds: 90 });
    lag.folded(2, at(20));
    expect(lag.at(101)).toEqual({ events: null, seconds: 81 });
    lag.received(at(50));
    expect(lag.at(102)).toEqual({ events: null, seconds: 52 });
  });

  it('is nothing once they have caught up', () => {
    const lag = meter();
    lag.opened();
    lag.received(at(10));
    lag.folded(1, at(10));
    lag.caughtUp();
    expect(lag.at(100)).toEqual({ events: 0, seconds: 0 });
    expect(lag.at(1_000)).toEqual({ events: 0, seconds: 0 });
  });

  it('is, when live, the events that were received and not folded, and since when', () => {
    const lag = meter();
    lag.opened();
    lag.caughtUp();
    lag.received(at(90));
    lag.received(at(95));
    lag.received(at(97));
    expect(lag.at(100)).toEqual({ events: 3, seconds: 10 });
    lag.folded(2, at(95));
    expect(lag.at(100)).toEqual({ events: 1, seconds: 5 });
    lag.folded(1, at(97));
    expect(lag.at(100)).toEqual({ events: 0, seconds: 0 });
  });

  it('is of no known number while the subscription is held back', () => {
    const lag = meter();
    lag.opened();
    lag.caughtUp();
    lag.received(at(90));
    lag.held(true);
    expect(lag.at(100)).toEqual({ events: null, seconds: 10 });
    lag.held(false);
    expect(lag.at(100)).toEqual({ events: 1, seconds: 10 });
  });

  it('grows from the moment that the event store was lost at', () => {
    const lag = meter();
    lag.opened();
    lag.received(at(10));
    lag.folded(1, at(10));
    lag.caughtUp();
    lag.at(100);
    lag.lost();
    expect(lag.at(130)).toEqual({ events: null, seconds: 30 });
    lag.opened();
    expect(lag.at(140)).toEqual({ events: null, seconds: 40 });
    lag.caughtUp();
    expect(lag.at(150)).toEqual({ events: 0, seconds: 0 });
  });

  it('grows from the oldest event to fold when folding fails, also after starting over', () => {
    const lag = meter();
    lag.opened();
    lag.caughtUp();
    lag.received(at(90));
    lag.received(at(95));
    lag.lost();
    expect(lag.at(100)).toEqual({ events: null, seconds: 10 });
    lag.opened();
    expect(lag.at(110)).toEqual({ events: null, seconds: 20 });
    lag.received(at(90));
    expect(lag.at(120)).toEqual({ events: null, seconds: 30 });
  });

  it('is never negative, whatever the clock of the event store says', () => {
    const lag = meter();
    lag.opened();
    lag.received(at(200));
    expect(lag.at(100)).toEqual({ events: null, seconds: 0 });
  });
});

describe('a read model', () => {
  it('that is idle has not stalled, however long, nor has one that folds', () => {
    const lag = meter();
    lag.opened();
    lag.caughtUp();
    lag.at(500);
    expect(lag.stalledFor()).toBe(0);
    lag.received(at(500));
    lag.at(540);
    expect(lag.stalledFor()).toBe(40);
    lag.received(at(540));
    lag.folded(1, at(500));
    lag.at(550);
    expect(lag.stalledFor()).toBe(10);
  });

  it('has stalled since it last folded something, over any number of connections', () => {
    const lag = meter();
    lag.opened();
    lag.received(at(1));
    lag.folded(1, at(1));
    for (const second of [10, 20, 30]) {
      lag.at(second);
      lag.opened();
      lag.received(at(2));
      lag.lost();
    }
    expect(lag.stalledFor()).toBe(30);
  });

  it('has stalled since its connection was lost', () => {
    const lag = meter();
    lag.opened();
    lag.caughtUp();
    lag.at(100);
    lag.lost();
    lag.at(170);
    expect(lag.stalledFor()).toBe(70);
    lag.opened();
    lag.caughtUp();
    expect(lag.stalledFor()).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { interrupts } from '../../projections/interrupts.js';
import type { StreamForked } from '../../src/domain/fork.js';
import { cancelled, expired, raised, raisedForEver, resolved } from '../support/interrupt-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'interrupt-1';
const of = (...facts: Parameters<typeof eventsOf>[1]) =>
  project(interrupts, eventsOf(stream, facts));

const fresh = {
  ...{ _id: stream, stream, id: '1' },
  ...raised.data,
  status: 'pending',
  ...{ createdAt: second(1), updatedAt: second(1), revision: 0, position: 1, createdPosition: 1 },
};

describe('the document of an interrupt', () => {
  it('is made when the interrupt is raised', () => {
    expect(of(raised)).toStrictEqual([fresh]);
  });

  it.each([
    [{ status: 'resolved', response: { approved: true }, respondedBy: 'ann' }, resolved],
    [{ status: 'cancelled', reason: 'not needed' }, cancelled],
    [{ status: 'expired' }, expired],
  ])('has %j after %j, and when that was', (outcome, fact) => {
    expect(of(raised, fact)).toStrictEqual([
      {
        ...{ ...fresh, ...outcome },
        ...{ settledAt: second(2), updatedAt: second(2), revision: 1, position: 2 },
        settledPosition: 2,
      },
    ]);
  });

  it('is not made by what comes without a beginning', () => {
    expect(of(resolved, expired)).toStrictEqual([]);
  });
});

describe('the document of a forked interrupt', () => {
  const forked: StreamForked = {
    type: 'StreamForked',
    data: { ancestry: [{ stream, through: 0 }], scope: 'stream' },
  };
  const { _id, position, ...inherited } = fresh;

  it('starts from what the ancestor was, without its deadline', () => {
    const events = eventsOf('interrupt-2', [forked, resolved], {
      first: 1,
      position: 20,
      inherited,
    });
    expect(project(interrupts, events)).toStrictEqual([
      {
        ...{ _id: 'interrupt-2', stream: 'interrupt-2', id: '2' },
        ...{ ...raisedForEver.data, ...resolved.data, status: 'resolved' },
        ...{ createdAt: second(20), updatedAt: second(21), settledAt: second(21) },
        ...{ forkedFrom: { stream, revision: 0 }, ancestors: [stream] },
        ...{ revision: 2, position: 21, createdPosition: 20, settledPosition: 21 },
      },
    ]);
  });

  it('is not made when there is nothing left of the ancestor', () => {
    const events = eventsOf('interrupt-2', [forked, resolved], { first: 1 });
    expect(project(interrupts, events)).toStrictEqual([]);
  });
});

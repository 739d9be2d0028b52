import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ancestryAt } from '../../src/eventstore/descents.js';
import { type Descendant, partingOf } from '../../src/replay/parting.js';

const root: Descendant = { stream: 's', ancestry: [], revision: 9 };
const forkOf = (parent: Descendant, at: number, stream: string, own = 3): Descendant => ({
  stream,
  ancestry: ancestryAt(parent.stream, parent.ancestry, at),
  revision: at + own,
});

describe('where two streams part', () => {
  it('is nowhere for strangers', () =>
    expect(partingOf(root, { ...root, stream: 't' })).toBeUndefined());

  it('is the head for a stream and itself', () =>
    expect(partingOf(root, root)).toEqual({ stream: 's', revision: 9 }));

  it('is where one was forked from the other, whichever is asked about first', () => {
    const fork = forkOf(root, 4, 'f');
    expect(partingOf(root, fork)).toEqual({ stream: 's', revision: 4 });
    expect(partingOf(fork, root)).toEqual({ stream: 's', revision: 4 });
  });

  it('is the earlier of the places that two siblings were forked at', () =>
    expect(partingOf(forkOf(root, 4, 'f'), forkOf(root, 7, 'g'))).toEqual({
      stream: 's',
      revision: 4,
    }));

  it('is within a common ancestor for cousins', () => {
    const parent = forkOf(root, 4, 'f');
    expect(partingOf(forkOf(parent, 6, 'g'), forkOf(parent, 5, 'h'))).toEqual({
      stream: 'f',
      revision: 5,
    });
  });

  it('is found for any two of a random family as by comparing all their events', () => {
    const families = fc.array(
      fc.record({ parent: fc.nat(), at: fc.nat(), own: fc.integer({ min: 1, max: 4 }) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(families, fc.nat(), fc.nat(), (forks, first, second) => {
        const family = [root];
        for (const [index, { parent, at, own }] of forks.entries()) {
          const from = family[parent % family.length] as Descendant;
          family.push(forkOf(from, at % (from.revision + 1), `f-${index}`, own));
        }
        const a = family[first % family.length] as Descendant;
        const b = family[second % family.length] as Descendant;
        const shared = eventsOf(a).filter((event, index) => eventsOf(b)[index] === event);
        const found = partingOf(a, b);
        expect(found && `${found.stream}@${found.revision}`).toBe(shared.at(-1));
      }),
    );
  });
});

/** Every event of a stream, told apart by who wrote it and where. */
const eventsOf = ({ stream, ancestry, revision }: Descendant): readonly string[] =>
  Array.from({ length: revision + 1 }, (_, at) => {
    const holder = ancestry.find(({ through }) => at <= through);
    return `${holder?.stream ?? stream}@${at}`;
  });

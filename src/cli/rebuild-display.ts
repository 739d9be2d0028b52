import type { RebuildStatus } from '../client/client.js';
import { progressBar } from './progress-bar.js';
import type { Terminal } from './terminal.js';

/** Shows how far a rebuild is while it goes on. */
export type RebuildDisplay = Readonly<{
  update(rebuild: RebuildStatus): void;
  end(): void;
}>;

const rateOf = ({ eventsPerSecond }: RebuildStatus): string =>
  eventsPerSecond === null ? '-' : eventsPerSecond.toLocaleString('en');

/** A bar where something can be redrawn, nothing elsewhere. */
export const rebuildDisplay = ({ canRedraw }: Pick<Terminal, 'canRedraw'>): RebuildDisplay => {
  if (!canRedraw) return { update: () => {}, end: () => {} };
  const bar = progressBar('{bar} {percentage} %, {events} events, {rate} a second');
  bar.start(1, 0, { events: 0, rate: '-' });
  return {
    update: (rebuild) => {
      // An empty store is rebuilt as soon as it is begun.
      bar.setTotal(Math.max(Number(rebuild.head), 1));
      const events = rebuild.events.toLocaleString('en');
      bar.update(Number(rebuild.position), { events, rate: rateOf(rebuild) });
    },
    end: () => bar.stop(),
  };
};

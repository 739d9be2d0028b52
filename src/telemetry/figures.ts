import { Gauge, type Registry } from 'prom-client';
import type { Told } from '../eventstore/told.js';
import type { Runner } from '../projecting/runner.js';
import type { Reactions } from '../reactions/start-reactions.js';

export type FigureSources = Readonly<{
  runner: Pick<Runner, 'status'>;
  reactions: Pick<Reactions, 'status'>;
  /** Available once the event store was first reached. */
  told: Promise<Pick<Told, 'position'>>;
}>;

/**
 * Figures that this process knows and that are looked at when metrics are asked for. One that is not
 * known is left out: nothing is better than a number that means something else.
 */
export const figuresIn = (registry: Registry, { runner, reactions, told }: FigureSources): void => {
  const registers = [registry];
  let feed: Pick<Told, 'position'> | undefined;
  void told.then((opened) => {
    feed = opened;
  });

  const ofProjections = (
    name: string,
    help: string,
    figure: (status: ReturnType<Runner['status']>[number]) => number | null,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['projection'],
      registers,
      collect() {
        this.reset();
        for (const status of runner.status()) {
          const value = figure(status);
          if (value !== null) this.set({ projection: status.name }, value);
        }
      },
    });

  ofProjections(
    'forkline_projection_position',
    'Position in the event store up to which a projection has every event.',
    ({ position }) => position,
  );
  ofProjections(
    'forkline_projection_lag_events',
    'Events that a projection has yet to fold; absent while that is not known.',
    ({ lagEvents }) => lagEvents,
  );
  ofProjections(
    'forkline_projection_lag_seconds',
    'How long ago the oldest event happened that a projection has yet to fold; absent while that is not known.',
    ({ lagSeconds }) => lagSeconds,
  );
  ofProjections(
    'forkline_projection_stuck',
    '1 for a projection that has come no further for a minute though there is something to do.',
    ({ stuck }) => Number(stuck),
  );
  new Gauge({
    name: 'forkline_reaction_stuck',
    help: '1 for a reaction that has come no further for a minute though there is something to do.',
    labelNames: ['reaction'],
    registers,
    collect() {
      for (const { name, stuck } of reactions.status()) this.set({ reaction: name }, Number(stuck));
    },
  });
  new Gauge({
    name: 'forkline_event_store_position',
    help: 'Position of the newest event that this node has heard of.',
    registers,
    collect() {
      this.reset();
      if (feed) this.set(feed.position());
    },
  });
};

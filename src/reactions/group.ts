import type { GroupOptions } from '../eventstore/event-store.js';
import type { Reaction } from './reaction.js';

/** The group of consumers that shares a reaction's events among the nodes. */
export type Group = Readonly<{ name: string; options: GroupOptions }>;

/** The group of a reaction, with the defaults of what the reaction leaves open. */
export const groupOf = ({
  name,
  group = name,
  categories,
  types,
  from,
  together,
}: Reaction): Group => ({
  name: `forkline-${group}`,
  options: {
    ...(categories && { categories }),
    ...(types && { types }),
    from: from ?? 'start',
    together: together ?? 'stream',
  },
});

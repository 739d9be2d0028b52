import { LRUCache } from 'lru-cache';

/** How many races commands have lost. The event store tells of each, whoever carried the command out asks. */
export type Races = Readonly<{
  lost(commandId: string): void;
  /** How many a command has lost, which is forgotten with that. */
  settle(commandId: string): number;
}>;

/** Of how many commands that nobody asks about races are remembered. */
const mostCommands = 1_000;

/** Counts the races that commands lose to other nodes while they are carried out. Most lose none, and take no room. */
export const racesOf = (): Races => {
  const counts = new LRUCache<string, number>({ max: mostCommands });
  return {
    lost: (commandId) => {
      counts.set(commandId, (counts.get(commandId) ?? 0) + 1);
    },
    settle: (commandId) => {
      const lost = counts.get(commandId) ?? 0;
      if (lost > 0) counts.delete(commandId);
      return lost;
    },
  };
};

/** How many races each command under way has lost. The event store tells of them, the command is told. */
export type Races = Readonly<{
  /** @returns tells how many were lost, and ends it */
  begin(commandId: string): () => number;
  lost(commandId: string): void;
}>;

/** Counts the races that commands lose to other nodes while they are carried out, by command id. */
export const racesOf = (): Races => {
  const underWay = new Map<string, number>();
  return {
    begin: (commandId) => {
      underWay.set(commandId, 0);
      return () => {
        const lost = underWay.get(commandId) ?? 0;
        underWay.delete(commandId);
        return lost;
      };
    },
    lost: (commandId) => {
      const before = underWay.get(commandId);
      if (before !== undefined) underWay.set(commandId, before + 1);
    },
  };
};

import type { StoredEvent } from './event-store.js';

/** A command that added events, and the place of the last of them. */
export type CarriedOut = Readonly<{ commandId: string; revision: number; position: number }>;

/**
 * How many commands of a stream are known by their ids, the latest ones. Older ones are recognised
 * only where their effect still stands.
 */
const knownCommands = 1_000;

/** Adds a command to those known; the same one again moves to the place of its last event. */
export const withCommand = (
  known: readonly CarriedOut[],
  { commandId, revision, position }: CarriedOut,
): readonly CarriedOut[] => {
  const others = known.at(-1)?.commandId === commandId ? known.slice(0, -1) : known;
  return [...others.slice(1 - knownCommands), { commandId, revision, position }];
};

/** The commands among a stream's events, after those known before. */
export const commandsIn = (stream: string, known: readonly CarriedOut[] = []) => {
  const commands = [...known];
  return {
    /** Takes the next event. What a fork inherits was asked of another stream, and does not count. */
    note: ({ metadata, stream: holder, revision, position }: StoredEvent): void => {
      const { commandId } = metadata;
      if (holder !== stream || commandId === undefined) return;
      if (commands.at(-1)?.commandId === commandId) commands.pop();
      commands.push({ commandId, revision, position });
      if (commands.length > 2 * knownCommands) commands.splice(0, commands.length - knownCommands);
    },
    all: (): readonly CarriedOut[] => commands.slice(-knownCommands),
  };
};

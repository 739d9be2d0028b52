import type { StoredEvent } from './event-store.js';

/** A command that added events, and the place of the last of them. */
export type CarriedOut = Readonly<{ commandId: string; revision: number; position: number }>;

/**
 * How many commands of a stream are known by their ids, the latest ones. Older ones are recognised
 * only where their effect still stands.
 */
const knownCommands = 1_000;

/** The commands that a stream has carried out, the latest ones, found by their ids. */
export type CommandLog = Readonly<{
  find(commandId: string): CarriedOut | undefined;
  /** Adds the newest command; the same one again moves to the place of its last event. */
  note(command: CarriedOut): void;
  all(): readonly CarriedOut[];
  /** How many are known. */
  size(): number;
}>;

/**
 * A log of the commands of one stream.
 *
 * @param known oldest first
 */
export const commandLog = (known: readonly CarriedOut[] = []): CommandLog => {
  const places = new Map<string, CarriedOut>();
  const note = ({ commandId, revision, position }: CarriedOut): void => {
    places.delete(commandId);
    places.set(commandId, { commandId, revision, position });
    if (places.size <= knownCommands) return;
    const [oldest] = places.keys();
    if (oldest !== undefined) places.delete(oldest);
  };
  for (const command of known) note(command);
  return {
    find: (commandId) => places.get(commandId),
    note,
    all: () => [...places.values()],
    size: () => places.size,
  };
};

/**
 * Gathers the commands of a stream from its events as they are read.
 *
 * @param known the commands of earlier events, oldest first
 */
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

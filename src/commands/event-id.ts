import { v5 } from 'uuid';

/** The id of the `index`th event of a command: the same whenever the command is carried out again. */
export const eventId = (commandId: string, index: number): string => v5(String(index), commandId);

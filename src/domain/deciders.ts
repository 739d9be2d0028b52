import { execution } from './execution.js';
import { interrupt } from './interrupt.js';
import { session } from './session.js';
import { task } from './task.js';
import { webhook } from './webhook.js';
import { worker } from './worker.js';

/** The deciders, by category. */
export const deciders = { session, execution, interrupt, task, worker, webhook } as const;

export type Category = keyof typeof deciders;

/** Everything that may happen in a stream of any category. */
export type DomainEvent = Parameters<(typeof deciders)[Category]['evolve']>[1];

/** The category and id of a stream name, or undefined when it is not the name of one of Forkline's streams. */
export const parseStream = (
  stream: string,
): Readonly<{ category: Category; id: string }> | undefined => {
  const dash = stream.indexOf('-');
  const category = stream.slice(0, dash);
  const id = stream.slice(dash + 1);
  return dash > 0 && id.length > 0 && Object.hasOwn(deciders, category)
    ? { category: category as Category, id }
    : undefined;
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id as it is stored: UUIDs are in lower case there, which others write in upper case. */
export const storedId = (id: string): string => (uuid.test(id) ? id.toLowerCase() : id);

/** The name of a stream as it is stored, of what a user calls it. The ids of workers are names, and told apart by case. */
export const storedName = (stream: string): string => {
  const name = parseStream(stream);
  return name && name.category !== 'worker' ? `${name.category}-${storedId(name.id)}` : stream;
};

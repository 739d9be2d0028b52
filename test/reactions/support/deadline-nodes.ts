import { pino } from 'pino';
import { type BaselineHandler, commandHandler } from '../../../src/commands/handle.js';
import { type Interrupt, type InterruptCommand, interrupt } from '../../../src/domain/interrupt.js';
import { task } from '../../../src/domain/task.js';
import { collectionsOf } from '../../../src/queries/collections.js';
import { type DeadlineOptions, startDeadlines } from '../../../src/reactions/deadlines.js';
import type { TestStores } from '../../projecting/support/stores.js';
import { raised } from '../../support/interrupt-facts.js';
import { request } from '../../support/requests.js';

/** A clock that stands still until it is set. */
export const clockAt = (moment: string) => {
  let time = Date.parse(moment);
  return {
    now: () => time,
    set: (next: string) => {
      time = Date.parse(next);
    },
  };
};

/** What passes deadlines on one node, with handlers of its own, as each node has. */
export const startNode = (
  { streams, db }: TestStores,
  { clock, ...more }: Pick<DeadlineOptions, 'clock'> & Partial<DeadlineOptions>,
) =>
  startDeadlines({
    interrupts: commandHandler(streams, interrupt),
    tasks: commandHandler(streams, task),
    collections: collectionsOf(db),
    log: pino({ level: 'silent' }),
    everyMs: 20,
    clock,
    ...more,
  });

type Interrupts = BaselineHandler<InterruptCommand, unknown, Interrupt>;

/** A handler that notes for which interrupts it is asked. */
export const noting = <Handler extends Interrupts>(handler: Handler) => {
  const asked: string[] = [];
  const handle = ((id, ...rest) => {
    asked.push(id);
    return handler(id, ...rest);
  }) as Handler;
  return { asked, handle };
};

/** Raises an interrupt of Ann's that expires at a moment. */
export const raiseUntil = async (
  { streams }: TestStores,
  id: string,
  expiresAt: string,
): Promise<void> => {
  const command = { ...raised.data, type: 'RaiseInterrupt', expiresAt } as const;
  await commandHandler(streams, interrupt)(id, [command], request());
};

/** The types of a stream's events. */
export const typesOf = async ({ store }: TestStores, stream: string): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type } of store.read(stream)) types.push(type);
  return types;
};

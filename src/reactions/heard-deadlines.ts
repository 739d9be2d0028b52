import type { Logger } from 'pino';
import type { EventStore, StoredEvent } from '../eventstore/event-store.js';
import type { Told } from '../eventstore/told.js';
import type { Progress } from '../projecting/progress.js';
import { type Deadline, isDue } from '../queries/deadlines.js';

export type HearingOptions = Readonly<{
  store: Pick<EventStore, 'subscribe'>;
  /** Of the read model of deadlines. */
  progress: Pick<Progress, 'position'>;
  told: Promise<Told>;
  /** What a stream waits for after an event: null for nothing, undefined when the event does not say. */
  deadlineIn(event: StoredEvent): Deadline | null | undefined;
  log: Logger;
}>;

/** Deadlines that the read model has not seen yet. */
export type HeardDeadlines = Readonly<{
  /** Those that are due by a moment. */
  dueBy(moment: string): readonly Deadline[];
  stop(): void;
}>;

type Heard = Readonly<{ position: number; deadline: Deadline | null }>;

/** More are left to the read model: so many only are there where it is far behind. */
const most = 100_000;

/**
 * Remembers deadlines from the events that set them, until the read model has them too. So deadlines
 * pass in time also while the read model stands still for some seconds, because the node that keeps it
 * died. Usually it holds next to nothing.
 */
export const hearDeadlines = (options: HearingOptions): HeardDeadlines => {
  const { store, progress, deadlineIn, log } = options;
  const heard = new Map<string, Heard>();
  const stopping = new AbortController();
  const { signal } = stopping;

  const note = (event: StoredEvent): void => {
    const { stream, position } = event;
    const deadline = deadlineIn(event);
    if (deadline === undefined || position <= progress.position()) return;
    if (position < (heard.get(stream)?.position ?? 0) || heard.size >= most) return;
    heard.set(stream, { position, deadline });
  };

  const forgetSeen = (): void => {
    const seen = progress.position();
    for (const [stream, { position }] of heard) if (position <= seen) heard.delete(stream);
  };

  /** What happened before this node was told of it, and is not in the model. */
  const catchUp = async (to: number): Promise<void> => {
    const from = progress.position();
    if (from >= to) return;
    const subscription = store.subscribe(from < 0 ? 'start' : from);
    const stop = () => subscription.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const item of subscription) {
        if (!('position' in item)) break;
        note(item);
        if (item.position >= to || heard.size >= most) break;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      subscription.close();
    }
  };

  const listen = async (): Promise<void> => {
    const { each, position } = await options.told;
    if (signal.aborted) return;
    signal.addEventListener('abort', each(note), { once: true });
    await catchUp(position());
  };

  listen().catch((err: unknown) =>
    log.warn({ err }, 'deadlines set before this node started wait for the read model'),
  );

  return {
    dueBy: (moment) => {
      forgetSeen();
      return [...heard.values()].flatMap(({ deadline }) =>
        deadline && isDue(deadline.dueAt, moment) ? [deadline] : [],
      );
    },
    stop: () => stopping.abort(),
  };
};

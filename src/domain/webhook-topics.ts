/** What decides whether a webhook is told of an event. */
export type Told = Readonly<{
  stream: string;
  topic: string;
  /** Undefined on what Forkline did not write: no webhook is told of that. */
  ownerId: string | undefined;
}>;

export type Listener = Readonly<{ userId: string; everyone: boolean; topics: readonly string[] }>;

/** Whether a topic is one of those named: exactly, or by what comes before a `*` at the end. */
export const hasTopic = (topics: readonly string[], topic: string): boolean =>
  topics.some((named) =>
    named.endsWith('*') ? topic.startsWith(named.slice(0, -1)) : topic === named,
  );

/**
 * Whether a webhook is told of an event: its owner may see it, and asked for its topic. Of webhooks
 * none is told, or each delivery that disables one could be the cause of the next.
 */
export const isToldTo = (
  { userId, everyone, topics }: Listener,
  { stream, topic, ownerId }: Told,
): boolean =>
  ownerId !== undefined &&
  (everyone || ownerId === userId) &&
  !stream.startsWith('webhook-') &&
  hasTopic(topics, topic);

import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { categoryOf, topicOf } from '../../../src/replay/event-view.js';

/** What a client asks for, and which of the events that means. */
export type Want = Readonly<{
  /** Undefined for an administrator. */
  user: string | undefined;
  filter: object;
  isWanted(event: StoredEvent): boolean;
}>;

const userCount = 20;

/** Whose the nth session is; the last of the users is an administrator, and owns none. */
export const ownerOf = (n: number): string => `user-${n % (userCount - 1)}`;

/** What the nth client asks for: hardly two ask for the same. */
export const wantOf = (n: number, sessions: readonly string[]): Want => {
  const user = n % userCount === userCount - 1 ? undefined : ownerOf(n % userCount);
  // Those who ask for sessions ask for some of their own as well, and for others that are not theirs.
  const [one = '', other = ''] = [sessions[n % sessions.length], sessions[(n % userCount) + 19]];
  const { filter, isWanted } = asked(n, one, other);
  return {
    ...{ user, filter },
    isWanted: (event) => (user === undefined || event.metadata.ownerId === user) && isWanted(event),
  };
};

const asked = (n: number, one: string, other: string): Omit<Want, 'user'> => {
  const isOf = (session: string, { stream, metadata }: StoredEvent) =>
    stream === `session-${session}` || metadata.$correlationId === session;
  const wants: readonly Omit<Want, 'user'>[] = [
    {
      filter: { streams: [`session-${one}`, `session-${other}`, `task-${n}`] },
      isWanted: ({ stream }) => stream === `session-${one}` || stream === `session-${other}`,
    },
    {
      filter: { sessionId: other, types: ['MessagePosted', `Type${n}`] },
      isWanted: (event) => isOf(other, event) && event.type === 'MessagePosted',
    },
    { filter: { sessionId: other }, isWanted: (event) => isOf(other, event) },
    {
      filter: { categories: ['task', `other${n}`], types: ['TaskSubmitted'] },
      isWanted: ({ stream, type }) => categoryOf(stream) === 'task' && type === 'TaskSubmitted',
    },
    {
      filter: { topics: ['chat.session.*', 'chat.session.updated', 'task.submitted'] },
      isWanted: (event) => /^(chat\.session\..*|task\.submitted)$/.test(topicOf(event)),
    },
    { filter: {}, isWanted: () => true },
  ];
  return wants[n % 7] ?? { filter: { topics: [`none.${n}`] }, isWanted: () => false };
};

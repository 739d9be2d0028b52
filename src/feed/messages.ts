import { z } from 'zod';
import { filterSchema, startSchema } from './filter.js';

const id = z.string().min(1).max(128);

const operations = {
  subscribe: z.strictObject({
    op: z.literal('subscribe'),
    id,
    filter: filterSchema.default({}),
    from: startSchema.default('now'),
  }),
  unsubscribe: z.strictObject({ op: z.literal('unsubscribe'), id }),
  ack: z.strictObject({
    op: z.literal('ack'),
    id,
    position: z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
  }),
  ping: z.strictObject({ op: z.literal('ping') }),
} as const;

type Operations = typeof operations;

/** What a client may say. */
export type ClientMessage = { [Op in keyof Operations]: z.infer<Operations[Op]> }[keyof Operations];

/** Why something that a client said has no effect. */
export type FeedErrorCode =
  | 'malformed-json'
  | 'unknown-op'
  | 'bad-filter'
  | 'bad-message'
  | 'message-too-large'
  | 'duplicate-subscription'
  | 'too-many-subscriptions'
  | 'subscription-not-found'
  | 'history-unreadable';

/** An error to tell the client about. `id` is that of the subscription it concerns. */
export type FeedError = Readonly<{ id?: string; code: FeedErrorCode; detail: string }>;

/** What a client says, checked. */
export const parseMessage = (text: string): ClientMessage | Readonly<{ error: FeedError }> => {
  const value = parseJson(text);
  if (value === undefined)
    return { error: { code: 'malformed-json', detail: 'a message is one JSON object' } };
  const about = subscriptionOf(value);
  if (!isOperation(value.op)) {
    const known = Object.keys(operations).join(', ');
    return { error: { ...about, code: 'unknown-op', detail: `op is one of ${known}` } };
  }
  const { data, error } = operations[value.op].safeParse(value);
  if (data) return data;
  const isFilter = error.issues.every(({ path }) => path[0] === 'filter');
  const code = isFilter ? 'bad-filter' : 'bad-message';
  return { error: { ...about, code, detail: inWords(error) } };
};

const parseJson = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isOperation = (op: unknown): op is keyof Operations =>
  typeof op === 'string' && Object.hasOwn(operations, op);

const subscriptionOf = (value: Readonly<Record<string, unknown>>): { id?: string } => {
  const { data } = id.safeParse(value.id);
  return data === undefined ? {} : { id: data };
};

const inWords = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`).join('; ');

// What the server says, as text.

/** Tells a client that its subscription has begun. */
export const subscribedMessage = (id: string): string => JSON.stringify({ op: 'subscribed', id });

/** Tells a client that it was told every event there was when it subscribed. */
export const caughtUpMessage = (id: string, position: number): string =>
  JSON.stringify({ op: 'caughtUp', id, position: `${position}` });

/** Answers a client's `ping`. */
export const pongMessage = JSON.stringify({ op: 'pong' });

/** Tells a client why something it said has no effect. */
export const errorMessage = ({ id, code, detail }: FeedError): string =>
  JSON.stringify({ op: 'error', id, code, detail });

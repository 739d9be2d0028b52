import { type Category, storedId, storedName } from '../../domain/deciders.js';

/** What of a request names things. */
export type Naming = Readonly<{
  /** The path of the endpoint, with the names of its parameters. */
  path: string;
  params: Readonly<Record<string, unknown>>;
  query: Readonly<Record<string, unknown>>;
  body: unknown;
}>;

/** What a request names: streams, and checkpoints, whose streams have to be looked up. */
export type NamedThings = Readonly<{ streams: readonly string[]; checkpoints: readonly string[] }>;

const categories: Readonly<Record<string, Category>> = {
  sessions: 'session',
  executions: 'execution',
  interrupts: 'interrupt',
  tasks: 'task',
  workers: 'worker',
  webhooks: 'webhook',
};

/** The most that are looked up for one request. */
const mostStreams = 20;

/** The streams and checkpoints that a request names in its path, query and body, whether or not they exist. */
export const namedBy = ({ path, params, query, body }: Naming): NamedThings => {
  const kind = path.split('/')[2] ?? '';
  const category = categories[kind];
  const items = Array.isArray(body) ? body : [body, ...itemsIn(body)];
  const streams = [
    ...texts(params.stream),
    ...(category ? ofCategory(category, params.id) : []),
    ...[query.a, query.b].flatMap((side) =>
      category ? ofCategory(category, side) : texts(side).map(withoutRevision),
    ),
    ...items.flatMap((item: unknown) => {
      const { id, sessionId, executionId } = (item ?? {}) as Record<string, unknown>;
      return [
        ...(path === '/v1/tasks/complete' ? ofCategory('task', id) : []),
        ...ofCategory('session', sessionId),
        ...ofCategory('execution', executionId),
      ];
    }),
  ];
  const checkpoints = kind === 'checkpoints' ? texts(params.id).map(storedId) : [];
  return { streams: [...new Set(streams.map(storedName))].slice(0, mostStreams), checkpoints };
};

const texts = (value: unknown): readonly string[] => (typeof value === 'string' ? [value] : []);

const ofCategory = (category: Category, id: unknown): readonly string[] =>
  texts(id).map((text) => `${category}-${text}`);

const withoutRevision = (reference: string): string => reference.replace(/@\d+$/, '');

const itemsIn = (body: unknown): readonly unknown[] => {
  const { items } = (body ?? {}) as { items?: unknown };
  return Array.isArray(items) ? items : [];
};

import type { Api, EventItem, Reply, Written } from './api.js';

/** The body of a reply that must not be a refusal. */
export const bodyOf = async <Body>(reply: Promise<Reply<Body>>): Promise<Body> => {
  const { status, text, body } = await reply;
  if (status >= 300) throw new Error(`answered ${status}: ${text}`);
  return body;
};

export const createSession = (api: Api, fields: object = {}): Promise<Written> =>
  bodyOf(api.post('/v1/sessions', fields));

/** Posts a message, of the user unless `fields` say otherwise. */
export const postMessage = (
  api: Api,
  sessionId: string,
  content: unknown,
  fields: object = {},
): Promise<Written> =>
  bodyOf(api.post(`/v1/sessions/${sessionId}/messages`, { role: 'user', content, ...fields }));

export const startExecution = (api: Api, fields: object = {}): Promise<Written> =>
  bodyOf(api.post('/v1/executions', fields));

export const saveCheckpoint = (
  api: Api,
  executionId: string,
  stageOrder: number,
  state: object,
  fields: object = {},
): Promise<Written> =>
  bodyOf(
    api.post(`/v1/executions/${executionId}/checkpoints`, {
      agent: 'solver',
      stage: `stage-${stageOrder}`,
      stageOrder,
      state,
      ...fields,
    }),
  );

export const forkOf = (
  api: Api,
  stream: string,
  at: number,
  fields: object = {},
): Promise<Written> => bodyOf(api.post(`/v1/streams/${stream}/forks`, { at, ...fields }));

/** Every item of a list, page by page, from a cursor on. `path` has a query already. */
export const everyItem = async <Item>(
  api: Api,
  path: string,
  from: string | null = null,
): Promise<readonly Item[]> => {
  const items: Item[] = [];
  let cursor = from;
  do {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: readonly Item[]; next: string | null } = await bodyOf(
      api.get<{ items: readonly Item[]; next: string | null }>(path + more),
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
};

export const eventsOf = (api: Api, stream: string): Promise<readonly EventItem[]> =>
  everyItem<EventItem>(api, `/v1/streams/${stream}/events?limit=500`);

/** The later of two positions: what changes nothing is answered with the place of its stream, which may be long past. */
export const later = (position: string, written: Readonly<{ position: string }>): string =>
  Number(written.position) > Number(position) ? written.position : position;

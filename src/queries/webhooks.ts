import type { Caller } from '../commands/request.js';
import type { Collections, WebhookRecord } from './collections.js';
import { createdBefore } from './newest-first.js';
import { type Page, toPage } from './page.js';
import { seenBy, visibleTo } from './visible.js';

/** A webhook as its owner sees it. */
export type WebhookView = Omit<
  WebhookRecord,
  | '_id'
  | 'position'
  | 'stream'
  | 'everyone'
  | 'secretRef'
  | 'previousSecrets'
  | 'activeSince'
  | 'registeredAt'
>;

/** Finds a webhook that the caller may see; undefined when there is none of that id. */
export const findWebhook = async (
  { webhooks, byId }: Collections,
  caller: Caller,
  id: string,
): Promise<WebhookRecord | undefined> => seenBy(caller, await byId(webhooks, `webhook-${id}`));

/** Finds webhooks by their ids, whoever owns them. */
export const webhooksById = async (
  { webhooks }: Collections,
  ids: readonly string[],
): Promise<ReadonlyMap<string, WebhookRecord>> => {
  const found = await webhooks.find({ _id: { $in: ids.map((id) => `webhook-${id}`) } }).toArray();
  return new Map(found.map((webhook) => [webhook.id, webhook]));
};

/** The webhooks of all owners that are not disabled. */
export const activeWebhooks = ({ webhooks }: Collections): Promise<readonly WebhookRecord[]> =>
  webhooks.find({ status: 'active' }).sort({ _id: 1 }).toArray();

/** Whether there is any webhook, disabled ones included. */
export const hasWebhooks = async ({ webhooks }: Collections): Promise<boolean> =>
  (await webhooks.findOne({}, { projection: { _id: 1 } })) !== null;

/** The caller's webhooks, newest first. @throws BadCursor */
export const listWebhooks = async (
  { webhooks }: Collections,
  caller: Caller,
  { cursor, limit }: Readonly<{ cursor?: string; limit: number }>,
): Promise<Page<WebhookView>> => {
  const read = await webhooks
    .find({ ...visibleTo(caller), ...(cursor && createdBefore(cursor)) })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ createdAt, _id }) => [createdAt, _id], viewOfWebhook);
};

/** A webhook without what only the program needs: the reference to its secret among others. */
export const viewOfWebhook = ({
  _id,
  position,
  stream,
  everyone,
  secretRef,
  previousSecrets,
  activeSince,
  registeredAt,
  ...view
}: WebhookRecord): WebhookView => view;

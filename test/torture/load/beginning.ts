import type { Draw } from '../draw.js';
import type { Command } from './command.js';

/**
 * What each client does first: makes the session that it shares with the user's other clients, which they do
 * as well, and has a webhook of its own that nobody disables.
 */
export const beginningWith =
  (sharedSession: string, receiver: string) =>
  (draw: Draw): readonly Command[] => {
    const id = draw.uuid();
    const topics = [draw.of(['chat.*', 'task.*', 'execution.*', 'stream.forked'])];
    return [
      {
        ...{ kind: 'session.create', events: [0, 1], needs: [], makes: `session-${sharedSession}` },
        call: async ({ sessions }, options) => [
          await sessions.create({ id: sharedSession, title: 'Shared' }, options),
        ],
      },
      {
        ...{ kind: 'webhook.register', events: [1, 1], needs: [], makes: `webhook-${id}` },
        call: async ({ webhooks }, options) => {
          const webhook = { id, url: `${receiver}/${id}`, topics };
          const { stream, revision, position } = await webhooks.register(webhook, options);
          return [{ stream, revision, position }];
        },
      },
    ];
  };

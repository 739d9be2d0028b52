import { drawRecent, type Sort } from './command.js';

/** How many a client has at most. Each is told of what happens to its owner: with one more now and then, deliveries would grow with the square of the time. */
const mostWebhooks = 3;

/**
 * @param receiver where webhooks are sent to; the id of each is the last part of its address
 */
export const webhookCommands = (receiver: string): readonly Sort[] => [
  {
    ...{ kind: 'webhook.register', weight: 0.4 },
    make: (memory, draw) => {
      if (memory.recent('webhook').length >= mostWebhooks) return undefined;
      const { id, stream } = memory.add('webhook', draw);
      const topics = [draw.of(['chat.message.*', 'task.*', 'interrupt.*', 'execution.*'])];
      return {
        ...{ events: [1, 1], makes: stream },
        call: ({ webhooks }, options) =>
          webhooks.register({ id, url: `${receiver}/${id}`, topics }, options),
      };
    },
  },
  ...(['rotate', 'disable', 'enable'] as const).map(
    (verb): Sort => ({
      kind: `webhook.${verb}`,
      weight: 0.3,
      make: (memory, draw) => {
        const thing = drawRecent(draw, memory.recent('webhook'));
        return (
          thing && {
            ...{ events: [0, 1], needs: [thing.stream] },
            call: ({ webhooks }, options) => {
              if (verb === 'rotate') return webhooks.rotateSecret(thing.id, {}, options);
              if (verb === 'enable') return webhooks.enable(thing.id, options);
              return webhooks.disable(thing.id, { reason: 'as drawn' }, options);
            },
          }
        );
      },
    }),
  ),
];

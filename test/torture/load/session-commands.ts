import type { MessageRole, SessionMove } from '../../../src/client/client.js';
import type { Draw } from '../draw.js';
import { drawRecent, type Sort } from './command.js';
import type { Memory } from './memory.js';

const one = [1, 1] as const;
const oneOrNone = [0, 1] as const;
const roles: readonly MessageRole[] = ['user', 'assistant', 'tool', 'system'];
const moves: readonly SessionMove['status'][] = ['active', 'active', 'processing', 'completed'];

const session = (memory: Memory, draw: Draw) => drawRecent(draw, memory.recent('session'));
const words = (draw: Draw): string => `said ${draw.uuid()}`;

/** A message of a recent session that this client has posted, or means to have. */
const message = (memory: Memory, draw: Draw) => {
  const thing = session(memory, draw);
  const id = thing && drawRecent(draw, thing.entries);
  return thing && id !== undefined ? { ...thing, messageId: id } : undefined;
};

export const sessionCommands: readonly Sort[] = [
  {
    ...{ kind: 'session.create', weight: 4 },
    make: (memory, draw) => {
      const { id, stream } = memory.add('session', draw);
      const title = `Session ${draw.uuid()}`;
      return {
        ...{ events: one, makes: stream },
        call: ({ sessions }, options) => sessions.create({ id, title }, options),
        readBack: async ({ sessions }, { position }) => {
          const found = await sessions.get(id, { after: position });
          return found.title === title ? undefined : `its title is ${found.title}`;
        },
      };
    },
  },
  {
    ...{ kind: 'session.rename', weight: 4 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      const title = `Renamed ${draw.uuid()}`;
      return (
        thing && {
          ...{ events: one, needs: [thing.stream] },
          call: ({ sessions }, options) => sessions.patch(thing.id, { title }, options),
        }
      );
    },
  },
  {
    ...{ kind: 'session.change', weight: 2 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      const change = { archived: draw.chance(0.5), metadata: { draft: draw.below(3) } };
      return (
        thing && {
          ...{ events: [0, 2], needs: [thing.stream] },
          call: ({ sessions }, options) => sessions.patch(thing.id, change, options),
        }
      );
    },
  },
  {
    ...{ kind: 'session.move', weight: 5 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      const status = draw.of(moves);
      return (
        thing && {
          ...{ events: oneOrNone, needs: [thing.stream] },
          call: ({ sessions }, options) => sessions.transition(thing.id, { status }, options),
        }
      );
    },
  },
  ...(['pause', 'resume', 'terminate', 'restore'] as const).map(
    (verb): Sort => ({
      kind: `session.${verb}`,
      weight: { pause: 1.5, resume: 2.5, terminate: 0.5, restore: 1.5 }[verb],
      make: (memory, draw) => {
        const thing = session(memory, draw);
        return (
          thing && {
            ...{ events: oneOrNone, needs: [thing.stream] },
            call: ({ sessions }, options) =>
              verb === 'restore'
                ? sessions.restore(thing.id, options)
                : sessions[verb](thing.id, {}, options),
          }
        );
      },
    }),
  ),
  {
    ...{ kind: 'session.remove', weight: 1 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      return (
        thing && {
          ...{ events: oneOrNone, needs: [thing.stream] },
          call: ({ sessions }, options) => sessions.remove(thing.id, {}, options),
        }
      );
    },
  },
  {
    ...{ kind: 'message.post', weight: 15 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      if (!thing) return undefined;
      const id = draw.uuid();
      const body = { id, role: draw.of(roles), content: words(draw) };
      thing.entries.push(id);
      return {
        ...{ events: one, needs: [thing.stream] },
        call: ({ sessions }, options) => sessions.messages.post(thing.id, body, options),
        readBack: async ({ sessions }, { position, revision }) => {
          const query = { limit: 500, at: revision };
          const read = sessions.messages.each(thing.id, query, { after: position });
          for await (const item of read) if (item.id === id) return undefined;
          return `message ${id} is not listed`;
        },
      };
    },
  },
  {
    // Its id is the server's: only the idempotency key tells an attempt from another message.
    ...{ kind: 'message.post-unnamed', weight: 10 },
    make: (memory, draw) => {
      const thing = session(memory, draw);
      const body = { role: draw.of(roles), content: words(draw) };
      return (
        thing && {
          ...{ events: one, needs: [thing.stream] },
          call: ({ sessions }, options) => sessions.messages.post(thing.id, body, options),
        }
      );
    },
  },
  {
    ...{ kind: 'message.edit', weight: 4 },
    make: (memory, draw) => {
      const found = message(memory, draw);
      const content = words(draw);
      return (
        found && {
          ...{ events: one, needs: [found.stream] },
          call: ({ sessions }, options) =>
            sessions.messages.edit(found.id, found.messageId, { content }, options),
        }
      );
    },
  },
  {
    ...{ kind: 'message.delete', weight: 2 },
    make: (memory, draw) => {
      const found = message(memory, draw);
      return (
        found && {
          ...{ events: oneOrNone, needs: [found.stream] },
          call: ({ sessions }, options) =>
            sessions.messages.remove(found.id, found.messageId, options),
        }
      );
    },
  },
];

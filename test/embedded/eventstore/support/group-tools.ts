import {
  type PersistentSubscriptionToStreamSettings,
  START,
  persistentSubscriptionToStreamSettingsFromDefaults as settings,
} from '@eventstore/db-client';
import { events } from './events.js';
import { GroupRecording } from './group-recording.js';
import type { TestServer } from './server.js';

/** The name of every group in the tests; names of any alphabet are allowed. */
export const testGroup = 'group 🙂';

/** What tests do with the group of a stream. */
export const groupTools = ({ client }: TestServer) => ({
  append: (stream: string, count: number, first = 0) =>
    client.appendToStream(stream, events(count, first)),
  /** Makes a group from the start of the stream. */
  groupOn: async (
    stream: string,
    changes: Partial<PersistentSubscriptionToStreamSettings> = {},
  ): Promise<string> => {
    const all = settings({ startFrom: START, ...changes });
    await client.createPersistentSubscriptionToStream(stream, testGroup, all);
    return stream;
  },
  consume: (
    stream: string,
    answer?: ConstructorParameters<typeof GroupRecording>[1],
    bufferSize = 10,
  ) =>
    new GroupRecording(
      client.subscribeToPersistentSubscriptionToStream(stream, testGroup, { bufferSize }),
      answer,
    ),
  info: (stream: string) => client.getPersistentSubscriptionToStreamInfo(stream, testGroup),
});

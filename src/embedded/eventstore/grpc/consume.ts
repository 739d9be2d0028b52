import { Consumer } from '../persistent/consumer.js';
import type { NackAction, PersistentGroup } from '../persistent/group.js';
import {
  type ConsumerMessage,
  type GroupTarget,
  readConsumerMessage,
} from '../wire/persistent-requests.js';
import { groupConfirmation, groupEvent } from '../wire/persistent-responses.js';
import { statusOf } from './errors.js';
import { groupDropped, groupFull } from './group-errors.js';
import { eachMessage } from './messages.js';
import { Responses } from './responses.js';
import type { DuplexStream } from './service.js';

// By the number on the wire; what is unknown is retried, and to stop a consumer only skips.
const actions: readonly NackAction[] = ['retry', 'park', 'retry', 'skip', 'skip'];

type Connect = Extract<ConsumerMessage, { kind: 'connect' }>;

/** PersistentSubscriptions.Read: one consumer of a group, from connecting to leaving. */
export const serveConsumer =
  (find: (target: GroupTarget) => PersistentGroup) =>
  async (call: DuplexStream): Promise<void> => {
    const responses = new Responses(call);
    let group: PersistentGroup | undefined;
    let consumer: Consumer | undefined;
    await eachMessage(call, (bytes) => {
      const message = readConsumerMessage(bytes);
      if (message.kind === 'connect') {
        group = find(message.target);
        consumer = connect(call, responses, group, message);
      } else if (group && consumer) {
        if (message.kind === 'ack') group.ack(consumer, message.ids);
        else group.nack(consumer, message.ids, actions[message.action] ?? 'retry', message.reason);
      }
    });
    if (group && consumer) group.disconnect(consumer);
  };

const connect = (
  call: DuplexStream,
  responses: Responses,
  group: PersistentGroup,
  { bufferSize, uuids }: Connect,
): Consumer => {
  const { source, group: name } = group.config;
  const consumer = new Consumer(
    String(call.metadata.get('connection-name')[0] ?? ''),
    call.getPeer(),
    bufferSize,
    (message) => responses.send(groupEvent(message, uuids)),
    () => call.emit('error', statusOf(groupDropped(source, name))),
  );
  if (!group.connect(consumer)) throw groupFull(source, name);
  responses.onEnd(() => group.disconnect(consumer));
  responses.send(groupConfirmation(source, name));
  return consumer;
};

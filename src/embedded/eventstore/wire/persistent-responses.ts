import { bytesField, stringField, uintField } from '../../../protobuf/writer.js';
import type { Consumer } from '../persistent/consumer.js';
import type { PersistentGroup } from '../persistent/group.js';
import { formatPlace, formatStart, groupId } from '../persistent/group-config.js';
import { measurements } from '../persistent/measurements.js';
import { eventOf, type Message } from '../persistent/message.js';
import { recordIn, type UuidForm } from './read-responses.js';
import { recordAt } from './recorded-event.js';

/** The first answer to a consumer: that it takes part, and in which group. */
export const groupConfirmation = (source: string, group: string): Buffer =>
  bytesField(2, stringField(1, groupId(source, group)));

/**
 * A delivery: the event, the link it was found by, and how often it was delivered before. As in
 * EventStoreDB, an event found by a link has the link's position here, unlike in reads.
 */
export const groupEvent = (message: Message, uuids: UuidForm): Buffer => {
  const { entry, isLink, retryCount } = message;
  const event = eventOf(message);
  return bytesField(
    1,
    ...(event ? [bytesField(1, recordAt(recordIn(event, uuids), entry.position))] : []),
    ...(isLink ? [bytesField(2, recordIn(entry, uuids))] : []),
    uintField(3, entry.position),
    uintField(5, retryCount),
  );
};

/** The content of a `SubscriptionInfo`. */
export const groupInfo = (group: PersistentGroup): Buffer => {
  const { config, source, checkpoint, counts } = group;
  const { settings } = config;
  const place = (value: number | undefined) =>
    value === undefined ? '' : formatPlace(config.source, value);
  return Buffer.concat([
    stringField(1, config.source),
    stringField(2, config.group),
    stringField(3, source.isAtEnd || group.consumers.length === 0 ? 'Live' : 'Behind'),
    ...group.consumers.map((consumer) => bytesField(4, connection(group, consumer))),
    uintField(5, counts.perSecond),
    uintField(6, counts.delivered),
    uintField(7, counts.sinceMeasured),
    stringField(8, place(checkpoint)),
    stringField(9, place(source.lastKnown)),
    uintField(10, settings.resolveLinks ? 1 : 0),
    stringField(11, formatStart(config.source, settings.startFrom)),
    uintField(12, settings.messageTimeoutMs),
    uintField(13, settings.extraStatistics ? 1 : 0),
    uintField(14, settings.maxRetryCount),
    uintField(15, settings.liveBufferSize),
    uintField(16, settings.historyBufferSize),
    uintField(17, settings.readBatchSize),
    uintField(18, settings.checkpointAfterMs),
    uintField(19, settings.minCheckpointCount),
    uintField(20, settings.maxCheckpointCount),
    uintField(21, counts.buffered),
    uintField(22, 0),
    uintField(23, counts.retries),
    uintField(24, counts.inFlight),
    uintField(25, counts.inFlight),
    stringField(26, settings.strategy),
    uintField(27, settings.maxSubscriberCount),
    uintField(28, group.storage.parkedCount),
  ]);
};

const connection = ({ config }: PersistentGroup, consumer: Consumer): Buffer => {
  const { delivered, measured, perSecond } = consumer.statistics;
  return Buffer.concat([
    stringField(1, consumer.from),
    stringField(2, 'system'),
    uintField(3, perSecond),
    uintField(4, delivered),
    uintField(5, delivered - measured),
    ...(config.settings.extraStatistics ? measurements(consumer.times) : []).map(([key, value]) =>
      bytesField(6, stringField(1, key), uintField(2, value)),
    ),
    uintField(7, consumer.freeSlots),
    uintField(8, consumer.inFlightCount),
    stringField(9, consumer.name),
  ]);
};

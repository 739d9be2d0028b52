import { ProtoReader } from '../../../protobuf/reader.js';
import { readUuid } from '../../../protobuf/uuid.js';
import { allStreams, type GroupSettings } from '../persistent/group-config.js';
import { type Filter, readAllStart, readFilter, type Start } from './read-request.js';
import { readStreamName } from './stream-requests.js';
import { ticksPerMs } from './ticks.js';

/** Which group a request is about. */
export type GroupTarget = { source: string; group: string };

export type GroupDefinition = GroupTarget & {
  settings: GroupSettings;
  filter?: Filter;
  /** Whether the source was given as $all, not as a stream of that name. */
  isAll: boolean;
};

const strategiesByNumber = ['DispatchToSingle', 'RoundRobin', 'Pinned'];

/** Reads a Create or Update request. @throws RangeError when it is malformed */
export const readGroupDefinition = (bytes: Buffer): GroupDefinition => {
  const message = optionsOf(bytes);
  let definition: Omit<GroupDefinition, 'settings'> = { source: '', group: '', isAll: false };
  let start: Start | undefined;
  let settings: GroupSettings | undefined;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) definition.source = readStreamName(message.message());
    else if (field === 2) definition.group = message.string();
    else if (field === 3) settings = readSettings(message.message());
    else if (field === 4) {
      const stream = readStreamStart(message.message());
      definition.source = stream.source;
      start = stream.start;
    } else if (field === 5) {
      const all = readAllOptions(message.message());
      definition = { ...definition, ...all.filter, source: allStreams, isAll: true };
      start = all.start;
    } else message.skip();
  }
  if (!settings) throw new RangeError('the request has no settings');
  return { ...definition, settings: { ...settings, startFrom: start ?? settings.startFrom } };
};

const readStreamStart = (message: ProtoReader): { source: string; start: Start } => {
  let source = '';
  let start: Start = 'start';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) source = readStreamName(message.message());
    else if (field === 2) start = message.place();
    else {
      if (field === 4) start = 'end';
      message.skip();
    }
  }
  return { source, start };
};

const readAllOptions = (message: ProtoReader) => {
  const start = readAllStart(new ProtoReader(message.buffer, message.offset, message.end));
  let filter: { filter?: Filter } = {};
  for (let field = message.field(); field; field = message.field()) {
    if (field === 4) filter = { filter: readFilter(message.message()) };
    else message.skip();
  }
  return { start, filter };
};

const readSettings = (message: ProtoReader): GroupSettings => {
  const settings = {
    resolveLinks: false,
    extraStatistics: false,
    messageTimeoutMs: 0,
    checkpointAfterMs: 0,
    maxRetryCount: 0,
    minCheckpointCount: 0,
    maxCheckpointCount: 0,
    maxSubscriberCount: 0,
    liveBufferSize: 0,
    readBatchSize: 0,
    historyBufferSize: 0,
    strategy: 'DispatchToSingle',
    startFrom: 'start' as Start,
  };
  let namedStrategy = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) settings.resolveLinks = message.bool();
    else if (field === 2) settings.startFrom = message.place();
    else if (field === 3) settings.extraStatistics = message.bool();
    else if (field === 4) settings.messageTimeoutMs = Math.floor(message.varint() / ticksPerMs);
    else if (field === 5) settings.maxRetryCount = message.varint();
    else if (field === 6) settings.checkpointAfterMs = Math.floor(message.varint() / ticksPerMs);
    else if (field === 7) settings.minCheckpointCount = message.varint();
    else if (field === 8) settings.maxCheckpointCount = message.varint();
    else if (field === 9) settings.maxSubscriberCount = message.varint();
    else if (field === 10) settings.liveBufferSize = message.varint();
    else if (field === 11) settings.readBatchSize = message.varint();
    else if (field === 12) settings.historyBufferSize = message.varint();
    else if (field === 13) settings.strategy = strategiesByNumber[message.varint()] ?? 'unknown';
    else if (field === 14) settings.messageTimeoutMs = message.varint();
    else if (field === 15) settings.checkpointAfterMs = message.varint();
    else if (field === 16) namedStrategy = message.string();
    else message.skip();
  }
  return namedStrategy ? { ...settings, strategy: namedStrategy } : settings;
};

type Fields = Readonly<{ stream: number; group: number; all: number }>;

/** Where each request keeps the stream, the group and the $all case. */
export const targetFields = {
  delete: { stream: 1, group: 2, all: 3 },
  getInfo: { stream: 1, group: 3, all: 2 },
  replayParked: { stream: 2, group: 1, all: 3 },
  read: { stream: 1, group: 2, all: 5 },
} satisfies Record<string, Fields>;

/** Reads the group that a request names. */
export const readGroupTarget = (bytes: Buffer, fields: Fields): GroupTarget =>
  targetIn(optionsOf(bytes), fields);

const targetIn = (message: ProtoReader, fields: Fields): GroupTarget => {
  const target: GroupTarget = { source: '', group: '' };
  for (let field = message.field(); field; field = message.field()) {
    if (field === fields.stream) target.source = readStreamName(message.message());
    else if (field === fields.group) target.group = message.string();
    else {
      if (field === fields.all) target.source = allStreams;
      message.skip();
    }
  }
  return target;
};

/** The first revision to leave parked; infinite when there is no limit, negative when malformed. */
export const readStopAt = (bytes: Buffer): number => {
  const message = optionsOf(bytes);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 4) return Number(BigInt.asIntN(64, message.uint64()));
    message.skip();
  }
  return Number.POSITIVE_INFINITY;
};

/** The source to list the groups of; undefined for all groups. */
export const readListSource = (bytes: Buffer): string | undefined => {
  const message = optionsOf(bytes);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 2) return targetIn(message.message(), { stream: 1, group: 0, all: 2 }).source;
    message.skip();
  }
  return undefined;
};

/** What a consumer sends: first who it is, then what became of its messages. */
export type ConsumerMessage =
  | Readonly<{
      kind: 'connect';
      target: GroupTarget;
      bufferSize: number;
      uuids: 'text' | 'structured';
    }>
  | Readonly<{ kind: 'ack'; ids: readonly string[] }>
  | Readonly<{ kind: 'nack'; ids: readonly string[]; action: number; reason: string }>;

/**
 * Reads what a consumer of a group says: that it connects, or what became of events it was given.
 *
 * @throws RangeError when it is malformed
 */
export const readConsumerMessage = (bytes: Buffer): ConsumerMessage => {
  const message = new ProtoReader(bytes);
  const field = message.field();
  if (field === 1) return readConnect(message.message());
  if (field !== 2 && field !== 3) throw new RangeError('the message says nothing');
  const answer = readAnswer(message.message());
  return field === 2 ? { kind: 'ack', ids: answer.ids } : { kind: 'nack', ...answer };
};

const readConnect = (message: ProtoReader): ConsumerMessage => {
  const again = new ProtoReader(message.buffer, message.offset, message.end);
  const target = targetIn(again, targetFields.read);
  let bufferSize = 10;
  let uuids: 'text' | 'structured' = 'structured';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 3) bufferSize = message.varint();
    else if (field === 4) {
      if (message.message().field() === 2) uuids = 'text';
    } else message.skip();
  }
  return { kind: 'connect', target, bufferSize, uuids };
};

const readAnswer = (message: ProtoReader) => {
  const ids: string[] = [];
  let action = 0;
  let reason = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 2) ids.push(readUuid(message.message()));
    else if (field === 3) action = message.varint();
    else if (field === 4) reason = message.string();
    else message.skip();
  }
  return { ids, action, reason };
};

const optionsOf = (bytes: Buffer): ProtoReader => {
  const message = new ProtoReader(bytes);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) return message.message();
    message.skip();
  }
  throw new RangeError('the request has no options');
};

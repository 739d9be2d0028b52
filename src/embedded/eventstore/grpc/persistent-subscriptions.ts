import { bytesField, emptyMessage } from '../../../protobuf/writer.js';
import { allStreams, invalidity } from '../persistent/group-config.js';
import type { Groups } from '../persistent/groups.js';
import type { Reader } from '../storage/reader.js';
import {
  type GroupDefinition,
  type GroupTarget,
  readGroupDefinition,
  readGroupTarget,
  readListSource,
  readStopAt,
  targetFields,
} from '../wire/persistent-requests.js';
import { groupInfo } from '../wire/persistent-responses.js';
import { serveConsumer } from './consume.js';
import { groupExists, groupFailed, groupNotFound } from './group-errors.js';
import type { Service, UnaryCall } from './service.js';

/** The PersistentSubscriptions service: competing consumers whose progress the server keeps. */
export const persistentSubscriptions = (groups: Groups, reader: Reader): Service => {
  const define = (bytes: Buffer): GroupDefinition => {
    const definition = readGroupDefinition(bytes);
    const { source, group, settings, isAll } = definition;
    const isStreamAll = source === allStreams && !isAll;
    const reason = isStreamAll
      ? '$all is no stream'
      : invalidity(source, settings, reader.lastPosition);
    if (reason) throw groupFailed(source, group, reason);
    return definition;
  };
  const find = ({ source, group }: GroupTarget) => {
    const found = groups.get(source, group);
    if (!found) throw groupNotFound(source, group);
    return found;
  };

  const create = async ({ request }: UnaryCall) => {
    const { source, group, settings, filter } = define(request);
    if (!(await groups.create(source, group, settings, filter))) throw groupExists(source, group);
    return emptyMessage;
  };
  const update = async ({ request }: UnaryCall) => {
    const { source, group } = readGroupDefinition(request);
    find({ source, group });
    const { settings } = define(request);
    if (!(await groups.update(source, group, settings))) throw groupNotFound(source, group);
    return emptyMessage;
  };
  const remove = async ({ request }: UnaryCall) => {
    const { source, group } = readGroupTarget(request, targetFields.delete);
    if (!(await groups.delete(source, group))) throw groupNotFound(source, group);
    return emptyMessage;
  };
  const getInfo = ({ request }: UnaryCall) =>
    bytesField(1, groupInfo(find(readGroupTarget(request, targetFields.getInfo))));
  const replayParked = async ({ request }: UnaryCall) => {
    const target = readGroupTarget(request, targetFields.replayParked);
    const group = find(target);
    const stopAt = readStopAt(request);
    if (stopAt < 0) throw groupFailed(target.source, target.group, 'stop at must not be negative');
    await group.replayParked(stopAt);
    return emptyMessage;
  };
  const list = ({ request }: UnaryCall) => {
    const source = readListSource(request);
    const found = groups.list(source);
    if (source !== undefined && found.length === 0) throw groupNotFound(source, '');
    return Buffer.concat(found.map((group) => bytesField(1, groupInfo(group))));
  };
  const restartSubsystem = async () => {
    await groups.restart();
    return emptyMessage;
  };

  return {
    name: 'event_store.client.persistent_subscriptions.PersistentSubscriptions',
    methods: {
      Create: { kind: 'unary', serve: create },
      Update: { kind: 'unary', serve: update },
      Delete: { kind: 'unary', serve: remove },
      Read: { kind: 'duplex', serve: serveConsumer(find) },
      GetInfo: { kind: 'unary', serve: getInfo },
      ReplayParked: { kind: 'unary', serve: replayParked },
      List: { kind: 'unary', serve: list },
      RestartSubsystem: { kind: 'unary', serve: restartSubsystem },
    },
  };
};

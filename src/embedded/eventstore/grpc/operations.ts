import { status } from '@grpc/grpc-js';
import { ProtoReader } from '../../../protobuf/reader.js';
import { emptyMessage, stringField, uintField } from '../../../protobuf/writer.js';
import type { Groups } from '../persistent/groups.js';
import type { Scavenger } from '../storage/scavenge.js';
import { CallFailed } from './errors.js';
import type { Service, UnaryCall } from './service.js';

const results = { started: 0, inProgress: 1, stopped: 2 } as const;
const scavengeResponse = (id: string, result: keyof typeof results): Buffer =>
  Buffer.concat([stringField(1, id), uintField(2, results[result])]);

/** The Operations service, as far as it has a meaning for one node without a cluster. */
export const operations = (scavenger: Scavenger, groups: Groups): Service => {
  const startScavenge = () => {
    const { id, isNew } = scavenger.start();
    return scavengeResponse(id, isNew ? 'started' : 'inProgress');
  };
  const stopScavenge = async ({ request }: UnaryCall) => {
    const id = readScavengeId(request);
    if (!(await scavenger.stop(id)))
      throw new CallFailed(status.NOT_FOUND, `There is no scavenge ${id}.`, {
        exception: 'scavenge-not-found',
        'scavenge-id': id,
      });
    return scavengeResponse(id, 'stopped');
  };
  const restartPersistentSubscriptions = async () => {
    await groups.restart();
    return emptyMessage;
  };
  // There is one node and one index: nothing to resign from, to merge or to prefer.
  const nothing = () => emptyMessage;
  const shutdown = () => {
    throw new CallFailed(status.UNIMPLEMENTED, 'The process that started the server stops it.');
  };
  return {
    name: 'event_store.client.operations.Operations',
    methods: {
      StartScavenge: { kind: 'unary', serve: startScavenge },
      StopScavenge: { kind: 'unary', serve: stopScavenge },
      Shutdown: { kind: 'unary', serve: shutdown },
      MergeIndexes: { kind: 'unary', serve: nothing },
      ResignNode: { kind: 'unary', serve: nothing },
      SetNodePriority: { kind: 'unary', serve: nothing },
      RestartPersistentSubscriptions: { kind: 'unary', serve: restartPersistentSubscriptions },
    },
  };
};

const readScavengeId = (request: Buffer): string => {
  const message = new ProtoReader(request);
  message.field();
  const options = message.message();
  return options.field() === 1 ? options.string() : '';
};

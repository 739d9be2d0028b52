import { v4 as newId } from 'uuid';
import { textUuid } from '../../../protobuf/uuid.js';
import { bytesField, stringField, uintField } from '../../../protobuf/writer.js';
import { ticksPerMs } from '../wire/ticks.js';
import type { Service } from './service.js';

const leaderState = 8;

/**
 * Gossip of a cluster with one member, the leader.
 *
 * @param endPoint where clients reach this server
 */
export const gossip = (endPoint: Readonly<{ host: string; port: number }>): Service => {
  const instanceId = textUuid(newId());
  const serve = () =>
    bytesField(
      1,
      bytesField(1, instanceId),
      uintField(2, Date.now() * ticksPerMs),
      uintField(3, leaderState),
      uintField(4, 1),
      bytesField(5, stringField(1, endPoint.host), uintField(2, endPoint.port)),
    );
  return {
    name: 'event_store.client.gossip.Gossip',
    methods: { Read: { kind: 'unary', serve } },
  };
};

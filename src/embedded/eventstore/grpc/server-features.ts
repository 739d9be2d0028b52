import { bytesField, stringField } from '../../../protobuf/writer.js';
import type { Service } from './service.js';

/** The EventStoreDB version whose behaviour this server has. */
const serverVersion = '24.10.0';

const bothSources = ['stream', 'all'];

/** What methods can do beyond their first version. Without these entries the client falls back to HTTP/1.1. */
const features: Readonly<Record<string, readonly string[]>> = {
  'event_store.client.streams.streams/read': ['position', 'events'],
  'event_store.client.streams.streams/batchappend': ['deadline_duration'],
  'event_store.client.projections.projections/create': ['track_emitted_streams'],
};

const featuresOf = (service: string, method: string): readonly string[] => {
  if (service.includes('persistent_subscriptions')) return bothSources;
  return features[`${service}/${method}`] ?? [];
};

const serviceName = 'event_store.client.server_features.ServerFeatures';

/** ServerFeatures: tells which methods of which services there are. */
export const serverFeatures = (services: readonly Service[]): Service => {
  const own: Service = { name: serviceName, methods: {} };
  const entries = [...services, own].flatMap(({ name, methods }) =>
    [...Object.keys(methods), ...(name === serviceName ? ['GetSupportedMethods'] : [])].map(
      (method) => entry(name.toLowerCase(), method.toLowerCase()),
    ),
  );
  const answer = Buffer.concat([...entries, stringField(2, serverVersion)]);
  return {
    name: serviceName,
    methods: { GetSupportedMethods: { kind: 'unary', serve: () => answer } },
  };
};

const entry = (service: string, method: string): Buffer =>
  bytesField(
    1,
    stringField(1, method),
    stringField(2, service),
    ...featuresOf(service, method).map((feature) => stringField(3, feature)),
  );

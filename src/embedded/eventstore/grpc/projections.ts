import { status } from '@grpc/grpc-js';
import { ProtoReader } from '../../../protobuf/reader.js';
import {
  bytesField,
  emptyField,
  emptyMessage,
  floatField,
  stringField,
  uintField,
} from '../../../protobuf/writer.js';
import { systemProjections } from '../storage/first-events.js';
import type { SystemProjections } from '../storage/system-projections.js';
import { CallFailed } from './errors.js';
import { Responses } from './responses.js';
import type { ServerStream, Service, UnaryCall } from './service.js';

// A `Value` that holds an empty struct.
const noState = bytesField(1, emptyField(5));

/**
 * The Projections service, for the projections that every node has. Their streams are derived from
 * the index and always up to date, whether they are enabled or not.
 */
export const projections = (known: SystemProjections): Service => {
  const find = ({ request }: UnaryCall): string => {
    const { name } = readTarget(request);
    if (!known.has(name)) throw notFound(name);
    return name;
  };
  const switchTo = (isEnabled: boolean) => async (call: UnaryCall) => {
    await known.setEnabled(find(call), isEnabled);
    return emptyMessage;
  };
  const reset = (call: UnaryCall) => {
    find(call);
    return emptyMessage;
  };
  const state = (call: UnaryCall) => {
    find(call);
    return noState;
  };
  const refuse = () => {
    throw new CallFailed(
      status.UNIMPLEMENTED,
      'This server runs no projections of users: they are programs, and it runs no foreign code.',
    );
  };
  const statistics = async (call: ServerStream) => {
    const { name, isNone } = readTarget(call.request);
    if (name && !known.has(name)) throw notFound(name);
    const responses = new Responses(call);
    for (const projection of isNone ? [] : name ? [name] : systemProjections)
      responses.send(bytesField(1, details(projection, known.isEnabled(projection))));
  };
  return {
    name: 'event_store.client.projections.Projections',
    methods: {
      Create: { kind: 'unary', serve: refuse },
      Update: { kind: 'unary', serve: refuse },
      Delete: { kind: 'unary', serve: refuse },
      Statistics: { kind: 'server-stream', serve: statistics },
      Disable: { kind: 'unary', serve: switchTo(false) },
      Enable: { kind: 'unary', serve: switchTo(true) },
      Reset: { kind: 'unary', serve: reset },
      State: { kind: 'unary', serve: state },
      Result: { kind: 'unary', serve: state },
      RestartSubsystem: { kind: 'unary', serve: () => emptyMessage },
    },
  };
};

const notFound = (name: string) =>
  new CallFailed(status.NOT_FOUND, `There is no projection ${name}.`);

const details = (name: string, isEnabled: boolean): Buffer =>
  Buffer.concat([
    uintField(1, 0),
    uintField(2, 0),
    uintField(3, 0),
    stringField(4, name),
    stringField(8, isEnabled ? 'Running' : 'Stopped'),
    stringField(10, name),
    stringField(11, 'Continuous'),
    floatField(13, 100),
  ]);

/** The name that a request's options start with; or the case of Statistics that has none to tell of. */
const readTarget = (request: Buffer): { name: string; isNone: boolean } => {
  const message = new ProtoReader(request);
  message.field();
  const options = message.message();
  const field = options.field();
  if (field === 1) return { name: options.string(), isNone: false };
  const [transient, oneTime] = [3, 5];
  return { name: '', isNone: field === transient || field === oneTime };
};

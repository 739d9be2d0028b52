import {
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Admit } from './admit.js';
import { CallFailed, statusOf } from './errors.js';

/** Calls as handlers here see them: messages are bytes, encoded and decoded by hand where it counts. */
export type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
export type ClientStream = ServerReadableStream<Buffer, Buffer>;
export type ServerStream = ServerWritableStream<Buffer, Buffer>;
export type DuplexStream = ServerDuplexStream<Buffer, Buffer>;

/** One method of a service and what serves it. */
export type Method =
  | Readonly<{ kind: 'unary'; serve: (call: UnaryCall) => Buffer | Promise<Buffer> }>
  | Readonly<{ kind: 'client-stream'; serve: (call: ClientStream) => Promise<Buffer> }>
  | Readonly<{ kind: 'server-stream'; serve: (call: ServerStream) => Promise<void> }>
  | Readonly<{ kind: 'duplex'; serve: (call: DuplexStream) => Promise<void> }>;

export type Service = Readonly<{
  /** With its package, such as `event_store.client.streams.Streams`. */
  name: string;
  methods: Readonly<Record<string, Method>>;
}>;

const asIs = (bytes: Buffer) => bytes;

const definitionOf = (service: string, name: string, { kind }: Method) =>
  ({
    path: `/${service}/${name}`,
    requestStream: kind === 'client-stream' || kind === 'duplex',
    responseStream: kind === 'server-stream' || kind === 'duplex',
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }) satisfies MethodDefinition<Buffer, Buffer>;

const handlerOf = (method: Method, admit: Admit): UntypedHandleCall => {
  switch (method.kind) {
    case 'unary':
      return (call: UnaryCall, callback: sendUnaryData<Buffer>) => {
        void answer(() => admitted(call, admit, method.serve), callback);
      };
    case 'client-stream':
      return (call: ClientStream, callback: sendUnaryData<Buffer>) => {
        void answer(() => admitted(call, admit, method.serve), callback);
      };
    case 'server-stream':
      return (call: ServerStream) => void run(() => admitted(call, admit, method.serve), call);
    case 'duplex':
      return (call: DuplexStream) => void run(() => admitted(call, admit, method.serve), call);
  }
};

/** Serves a call once it is let in: within this turn, if there is nothing to check. */
const admitted = async <
  Call extends UnaryCall | ClientStream | ServerStream | DuplexStream,
  Result,
>(
  call: Call,
  admit: Admit,
  serve: (call: Call) => Result | Promise<Result>,
): Promise<Result> => {
  const checking = admit(call.metadata);
  if (checking !== undefined) {
    await checking;
    // Nobody listened for the end of the call yet, so it has to be asked for.
    if (call.cancelled) throw new CallFailed(status.CANCELLED, 'cancelled');
  }
  return serve(call);
};

const answer = async (serve: () => Promise<Buffer>, callback: sendUnaryData<Buffer>) => {
  try {
    callback(null, await serve());
  } catch (error) {
    callback(statusOf(error));
  }
};

const run = async (serve: () => Promise<void>, call: ServerStream | DuplexStream) => {
  try {
    await serve();
    call.end();
  } catch (error) {
    // A call that was ended from elsewhere also ends the loop over its messages, with an error.
    if (!call.writableEnded) call.emit('error', statusOf(error));
  }
};

/** What `Server.addService` takes. @param admit asked before each call */
export const grpcService = (
  service: Service,
  admit: Admit,
): readonly [ServiceDefinition, UntypedServiceImplementation] => {
  const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(service.methods)) {
    definition[name] = definitionOf(service.name, name, method);
    handlers[name] = handlerOf(method, admit);
  }
  return [definition, handlers];
};

import { ProtoReader } from '../../../protobuf/reader.js';
import { readStreamName } from './stream-requests.js';

/** What decides which events of $all a reader wants. */
export type Filter = Readonly<{
  on: 'stream' | 'type';
  regex: string;
  prefixes: readonly string[];
  /** How many events are looked at between two pages at most. */
  window: number;
  checkpointMultiplier: number;
}>;

export type Start = number | 'start' | 'end';

/** A Streams.Read request. */
export type ReadRequest = {
  /** Undefined for $all. */
  stream?: string;
  from: Start;
  isBackwards: boolean;
  resolveLinks: boolean;
  isSubscription: boolean;
  /** How many events, for a read. */
  count?: number;
  filter?: Filter;
  hasFilterOption: boolean;
  uuids?: 'text' | 'structured';
};

const defaultWindow = 32;

/** Reads a request. @throws RangeError when it is malformed */
export const readReadRequest = (bytes: Buffer): ReadRequest => {
  const request: ReadRequest = {
    from: 'start',
    isBackwards: false,
    resolveLinks: false,
    isSubscription: false,
    hasFilterOption: false,
  };
  const outer = new ProtoReader(bytes);
  for (let field = outer.field(); field; field = outer.field()) {
    if (field === 1) readOptions(outer.message(), request);
    else outer.skip();
  }
  return request;
};

const readOptions = (message: ProtoReader, request: ReadRequest): void => {
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) readStreamOptions(message.message(), request);
    else if (field === 2) request.from = readAllStart(message.message());
    else if (field === 3) request.isBackwards = message.varint() === 1;
    else if (field === 4) request.resolveLinks = message.bool();
    else if (field === 5) request.count = message.varint();
    else if (field === 7) {
      request.filter = readFilter(message.message());
      request.hasFilterOption = true;
    } else if (field === 9) request.uuids = message.message().field() === 2 ? 'text' : 'structured';
    else {
      if (field === 6) request.isSubscription = true;
      if (field === 8) request.hasFilterOption = true;
      message.skip();
    }
  }
};

const readStreamOptions = (message: ProtoReader, request: ReadRequest): void => {
  request.stream = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) request.stream = readStreamName(message.message());
    else if (field === 2) request.from = message.place();
    else {
      if (field === 4) request.from = 'end';
      message.skip();
    }
  }
};

/** Reads `position`, `start` or `end`, which are fields 1 to 3 wherever $all is named. */
export const readAllStart = (message: ProtoReader): Start => {
  let from: Start = 'start';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) from = readPosition(message.message());
    else {
      if (field === 3) from = 'end';
      message.skip();
    }
  }
  return from;
};

// Commit and prepare position are the same for every event written here: the first one counts.
const readPosition = (message: ProtoReader): number | 'end' => {
  let commit: number | 'end' = 0;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) commit = message.place();
    else message.skip();
  }
  return commit;
};

/** Reads `FilterOptions`. */
export const readFilter = (message: ProtoReader): Filter => {
  let on: Filter['on'] = 'stream';
  let expression = { regex: '', prefixes: [] as string[] };
  let window = defaultWindow;
  let checkpointMultiplier = 0;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1 || field === 2) {
      on = field === 1 ? 'stream' : 'type';
      expression = readExpression(message.message());
    } else if (field === 3) window = message.varint() || defaultWindow;
    else if (field === 5) checkpointMultiplier = message.varint();
    else message.skip();
  }
  return { on, ...expression, window, checkpointMultiplier };
};

const readExpression = (message: ProtoReader) => {
  const expression = { regex: '', prefixes: [] as string[] };
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) expression.regex = message.string();
    else if (field === 2) expression.prefixes.push(message.string());
    else message.skip();
  }
  return expression;
};

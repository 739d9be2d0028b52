import { encodeRecorded, tombstoneRevisionOnWire } from '../wire/recorded-event.js';
import { LogEntry } from './log-entry.js';
import { isMetastream, originalOf } from './stream-head.js';
import { parseMetadata } from './stream-settings.js';

/** One of the streams that EventStoreDB's system projections write, as this server derives it. */
type Kind = Readonly<{
  prefix: string;
  /** The projection's id in the `$v` of its links. */
  projection: number;
  /** The rest of the name of the stream that gets a link to the event, if any does. */
  of: (entry: LogEntry) => string | undefined;
}>;

const correlationKey = '$correlationId';

const category = ({ stream }: LogEntry): string | undefined => {
  const dash = stream.indexOf('-');
  return dash < 1 || stream.startsWith('$') ? undefined : stream.slice(0, dash);
};

const ifFirst = (entry: LogEntry, name: string | undefined) =>
  entry.revision === 0 ? name : undefined;

const eventType = (entry: LogEntry): string | undefined => {
  if (entry.isLink) return undefined;
  return entry.type === '$streamDeleted' ? '$deleted' : entry.type;
};

const correlationId = (entry: LogEntry): string | undefined => {
  const { customMetadata } = entry;
  if (entry.isLink || !customMetadata.includes(correlationKey)) return undefined;
  const id = parseMetadata(customMetadata)?.[correlationKey];
  return typeof id === 'string' ? id : undefined;
};

const streamNames: Kind = { prefix: '$streams', projection: 1, of: (entry) => ifFirst(entry, '') };
const categoryNames: Kind = {
  prefix: '$category-',
  projection: 2,
  of: (entry) => ifFirst(entry, category(entry)),
};
const byCategory: Kind = { prefix: '$ce-', projection: 3, of: category };
const byType: Kind = { prefix: '$et-', projection: 4, of: eventType };
const byCorrelation: Kind = { prefix: '$bc-', projection: 5, of: correlationId };

const kinds: readonly Kind[] = [streamNames, categoryNames, byCategory, byType, byCorrelation];

const kindOf = (stream: string): Kind | undefined => {
  if (!stream.startsWith('$') || isMetastream(stream)) return undefined;
  return kinds.find((kind) =>
    kind === streamNames ? stream === kind.prefix : stream.startsWith(kind.prefix),
  );
};

/** Whether a stream is made of links that the server derives: nobody else can write to it. */
export const isDerived = (stream: string): boolean => kindOf(stream) !== undefined;

/**
 * The derived streams that an event has a link in. They are indexed like other streams, by the
 * event's position, and the links themselves are made when they are read: nothing is stored twice.
 * Events of system streams have none, those of the metastreams of other streams do.
 */
export const derivedStreams = (entry: LogEntry): readonly string[] => {
  const { stream } = entry;
  const owner = isMetastream(stream) ? originalOf(stream) : stream;
  if (owner.startsWith('$')) return [];
  const streams: string[] = [];
  for (const { prefix, of } of kinds) {
    const name = of(entry);
    if (name !== undefined) streams.push(prefix + name);
  }
  return streams;
};

const target = ({ stream, revision }: LogEntry) =>
  `${Number.isFinite(revision) ? revision : tombstoneRevisionOnWire}@${stream}`;

/** The link to an event in a derived stream. It shares the event's position and time. */
export const linkIn = (stream: string, revision: number, source: LogEntry): LogEntry => {
  const kind = kindOf(stream) ?? streamNames;
  const { position } = source;
  const isName = kind === categoryNames;
  // Categories hold names; a link to a link would need two hops, so a category copies its target.
  const copied = kind === byCategory && source.isLink ? source.data : undefined;
  const data = copied ?? Buffer.from(isName ? source.stream : target(source));
  const bytes = encodeRecorded(
    {
      // One link for each position in all streams of a kind: the two make the id.
      id: `0000000${kind.projection}-0000-8000-8000-${position.toString(16).padStart(12, '0')}`,
      type: isName ? '$@' : '$>',
      isJson: false,
      customMetadata: Buffer.from(JSON.stringify(linkMetadata(kind, source))),
      data,
    },
    { stream, revision, position, created: source.created },
  );
  return new LogEntry(position, bytes);
};

const linkMetadata = (kind: Kind, source: LogEntry) => {
  const { customMetadata, position } = source;
  const correlation = customMetadata.includes(correlationKey)
    ? parseMetadata(customMetadata)?.[correlationKey]
    : undefined;
  return {
    $v: `${kind.projection}:-1:1:4`,
    $c: position,
    $p: position,
    ...(kind === byCategory && { $o: source.stream }),
    ...(kind === byCorrelation && { $eventTimestamp: new Date(source.created).toISOString() }),
    $causedBy: source.id,
    ...(correlation !== undefined && { [correlationKey]: correlation }),
  };
};

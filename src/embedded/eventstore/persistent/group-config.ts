import type { Filter, Start } from '../wire/read-request.js';

/** What a group's creator can choose. Names and defaults are the client's. */
export type GroupSettings = Readonly<{
  resolveLinks: boolean;
  extraStatistics: boolean;
  messageTimeoutMs: number;
  checkpointAfterMs: number;
  maxRetryCount: number;
  minCheckpointCount: number;
  maxCheckpointCount: number;
  /** 0 for no limit. */
  maxSubscriberCount: number;
  liveBufferSize: number;
  readBatchSize: number;
  historyBufferSize: number;
  strategy: string;
  startFrom: Start;
}>;

/** A group of competing consumers, as it is stored. */
export type GroupConfig = Readonly<{
  /** A stream's name, or {@link allStreams}. */
  source: string;
  group: string;
  filter?: Filter;
  settings: GroupSettings;
  /** The revision or position of the first event, fixed when the group was made. */
  start: number;
}>;

/** The source of a group that reads all streams. */
export const allStreams = '$all';

/** The name of a group among those of all streams, as EventStoreDB has it: `stream::group`. */
export const groupId = (source: string, group: string): string => `${source}::${group}`;

const streamOf = (config: GroupConfig, use: string) =>
  `$persistentsubscription-${groupId(config.source, config.group)}-${use}`;

/** Where a group keeps how far it has come. */
export const checkpointStream = (config: GroupConfig): string => streamOf(config, 'checkpoint');

/** Where a group keeps the events that it has parked, as links. */
export const parkedStream = (config: GroupConfig): string => streamOf(config, 'parked');

/** Where every change of any group is recorded. */
export const configStream = '$persistentSubscriptionConfig';

const strategies = ['DispatchToSingle', 'RoundRobin', 'Pinned', 'PinnedByCorrelation'] as const;

/** Why settings cannot be taken, if so. @param lastPosition the newest position of the log */
export const invalidity = (
  source: string,
  { strategy, readBatchSize, historyBufferSize, startFrom }: GroupSettings,
  lastPosition: number,
): string | undefined => {
  if (source === '') return 'the stream has no name';
  if (!strategies.some((known) => known === strategy)) return `unknown strategy ${strategy}`;
  if (readBatchSize >= historyBufferSize)
    return 'the read batch must be smaller than the history buffer';
  if (source === allStreams && typeof startFrom === 'number' && startFrom > lastPosition)
    return 'the start is beyond the end of the log';
  return undefined;
};

/** A revision or position as people see it: `12`, or `C:12/P:12` for $all. */
export const formatPlace = (source: string, place: number): string =>
  source === allStreams ? `C:${place}/P:${place}` : String(place);

/** Reads what {@link formatPlace} wrote. */
export const parsePlace = (text: string): number => Number(text.replace(/^C:(\d+)\/P:.*$/, '$1'));

/** Where a group begins, as people see it: the end is -1. */
export const formatStart = (source: string, startFrom: Start): string =>
  formatPlace(source, startFrom === 'start' ? 0 : startFrom === 'end' ? -1 : startFrom);

import type { JsonObject, StreamEvent } from '../client/client.js';
import { type Delta, deltaBetween } from '../domain/delta.js';
import { fullState, type StoredState } from '../domain/stored-state.js';
import { changesIn, summaryOf } from './event-summary.js';
import type { Column } from './table.js';
import { oneLine, shownTime } from './text.js';

/** One event, as a timeline shows it. */
export type TimelineRow = Readonly<{
  time: string;
  revision: string;
  event: string;
  stage: string;
  agent: string;
  change: string;
}>;

type Checkpoint = Readonly<{ stage: string; agent: string }> & StoredState;

/** Makes rows of a stream's events, given one after another from the first: what changed depends on what was before. */
export const timelineRows = (): ((event: StreamEvent) => TimelineRow) => {
  let before: JsonObject | undefined;

  const changeOf = (saved: Checkpoint): string => {
    const stored: { state?: JsonObject; stateDelta?: Delta } = saved;
    // Where the state before is not known, a delta still says what changed; of a full state all is new.
    const known = before;
    before = stored.state ?? (known && fullState(saved, known));
    return changesIn(stored.stateDelta ?? deltaBetween(known ?? {}, before ?? {}));
  };

  return (event) => {
    const { type, created, revision } = event;
    // The type says what the data are: the server has checked them.
    const saved = type === 'CheckpointSaved' ? (event.data as unknown as Checkpoint) : undefined;
    return {
      time: shownTime(created),
      revision: String(revision),
      event: oneLine(type),
      stage: oneLine(saved?.stage ?? ''),
      agent: oneLine(saved?.agent ?? ''),
      change: saved ? changeOf(saved) : summaryOf(event),
    };
  };
};

const column = (
  title: string,
  name: keyof TimelineRow,
  look: Pick<Column<TimelineRow>, 'align' | 'style'> = {},
): Column<TimelineRow> => ({ title, text: (row) => row[name], ...look });

/** The columns of which there is something to see in rows such as these. */
export const timelineColumns = (rows: readonly TimelineRow[]): readonly Column<TimelineRow>[] => {
  const withStages = rows.some(({ stage }) => stage !== '');
  return [
    column('TIME (UTC)', 'time', { style: 'dim' }),
    column('REV', 'revision', { align: 'right', style: 'yellow' }),
    column('EVENT', 'event', { style: 'cyan' }),
    ...(withStages ? [column('STAGE', 'stage'), column('AGENT', 'agent')] : []),
    column('WHAT CHANGED', 'change'),
  ];
};

/** The line above a row whose event comes from elsewhere than the one before: undefined when it does not. */
export const dividerBefore = (
  event: Pick<StreamEvent, 'stream' | 'origin'>,
  before: Pick<StreamEvent, 'stream' | 'origin'> | undefined,
): string | undefined => {
  const from = event.origin?.stream;
  if (from === before?.origin?.stream) return undefined;
  return from === undefined ? `── written in ${event.stream}` : `── inherited from ${from}`;
};

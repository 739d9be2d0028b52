import type { StreamEvent } from '../client/client.js';
import { type Column, tableOf } from './table.js';
import type { Terminal } from './terminal.js';
import { oneLine, shownTime } from './text.js';
import { type SteppedEvent, toldChange } from './told-change.js';

/** On a narrower screen, the time of day has to do: what changed needs the room more than the date. */
const comfortable = 100;

/** One event, as a timeline shows it. */
export type TimelineRow = Readonly<{
  time: string;
  revision: string;
  event: string;
  stage: string;
  agent: string;
  change: string;
}>;

/**
 * The cells of an event's row in a timeline, each fit to be shown on one line.
 *
 * @param isNarrow whether to show the time without date and milliseconds
 */
export const timelineRow = (event: SteppedEvent, isNarrow = false): TimelineRow => {
  const { type, created, revision, data } = event;
  const isCheckpoint = type === 'CheckpointSaved';
  return {
    time: isNarrow
      ? shownTime(created).slice('2026-01-02 '.length, -'.678'.length)
      : shownTime(created),
    revision: String(revision),
    event: oneLine(type),
    stage: isCheckpoint ? oneLine(String(data.stage)) : '',
    agent: isCheckpoint ? oneLine(String(data.agent)) : '',
    change: toldChange(event),
  };
};

const column = (
  title: string,
  name: keyof TimelineRow,
  look: Pick<Column<TimelineRow>, 'align' | 'style'> = {},
): Column<TimelineRow> => ({ title, text: (row) => row[name], ...look });

/** The columns of which there is something to see in rows such as these. */
export const timelineColumns = (
  rows: readonly TimelineRow[],
  isNarrow = false,
): readonly Column<TimelineRow>[] => {
  const withStages = rows.some(({ stage }) => stage !== '');
  return [
    column(isNarrow ? 'UTC' : 'TIME (UTC)', 'time', { style: 'dim' }),
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

/**
 * Events as the lines of a table, with dividers where they come from elsewhere than the one before.
 *
 * @param before the event before the first of them
 */
export const timelineLines = (
  events: readonly SteppedEvent[],
  { paint, width }: Pick<Terminal, 'paint' | 'width'>,
  before?: StreamEvent,
): readonly string[] => {
  const isNarrow = width !== undefined && width < comfortable;
  const rows = events.map((event) => timelineRow(event, isNarrow));
  const table = tableOf(timelineColumns(rows, isNarrow), rows, paint, width);
  let last = before;
  return [
    table.heading,
    ...events.flatMap((event, index) => {
      const divider = dividerBefore(event, last);
      last = event;
      const row = rows[index];
      return [...(divider ? [paint('dim', divider)] : []), ...(row ? [table.line(row)] : [])];
    }),
  ];
};

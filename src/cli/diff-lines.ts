import type {
  Change,
  JsonObject,
  JsonValue,
  Step,
  StreamComparison,
  StreamEvent,
  StreamTail,
} from '../client/client.js';
import { shortValue, summaryOf, textOf } from './event-summary.js';
import { isObject } from './is-object.js';
import { keysIn } from './json-pointer.js';
import { linkTo } from './stream-reference.js';
import { tableLines } from './table.js';
import type { Terminal } from './terminal.js';
import { count, cut, oneLine } from './text.js';
import { timelineLines } from './timeline-rows.js';
import { withoutFingerprints } from './told-change.js';

type Screen = Pick<Terminal, 'paint' | 'width'>;

/** What is known of both sides besides their comparison. */
export type DiffContext = Readonly<{
  /** The first steps of either tail. */
  stepsA: readonly Step[];
  stepsB: readonly Step[];
  /** The state of `a` without its messages and checkpoints. */
  stateA: JsonObject;
}>;

/** Two streams compared, as people read it: where they part, what happened in each since, and what differs. */
export const diffLines = (
  comparison: StreamComparison,
  { stepsA, stepsB, stateA }: DiffContext,
  screen: Screen,
): readonly string[] => {
  const { paint } = screen;
  const { common, a, b, changes, truncated } = comparison;
  const fields = changes
    .flatMap(withoutFingerprints)
    .filter(({ path }) => !path.startsWith('/forkedFrom'));
  return [
    `a  ${paint('bold', linkTo(a.stream, a.revision))}`,
    `b  ${paint('bold', linkTo(b.stream, b.revision))}`,
    common
      ? `They part after ${paint('yellow', linkTo(common.stream, common.revision))}.`
      : 'They have no event in common.',
    '',
    ...tailLines('a', a, stepsA, common !== null, screen),
    '',
    ...tailLines('b', b, stepsB, common !== null, screen),
    '',
    ...(fields.length === 0
      ? ['Their states are the same.']
      : fieldLines(fields, { stepsA, stateA, eventsA: a.events, eventsB: b.events }, screen)),
    ...(truncated ? [paint('dim', 'Messages and checkpoints were not all compared.')] : []),
  ];
};

const tailLines = (
  name: string,
  { stream, revision, ownEvents, events }: StreamTail,
  steps: readonly Step[],
  isSince: boolean,
  screen: Screen,
): readonly string[] => {
  const shown = events.slice(0, steps.length).map((event, index) => ({
    ...event,
    changes: steps[index]?.changes ?? [],
  }));
  const [before] = shown;
  const left = ownEvents - shown.length;
  const rest = `forkline timeline ${stream} --from ${revision - left + 1} --to ${revision}`;
  return [
    screen.paint(
      'bold',
      `${name}: ${ownEvents === 0 ? 'nothing' : count(ownEvents, 'event')}${isSince ? ' since' : ''}`,
    ),
    // What they come from is said once for all of them, above.
    ...(shown.length > 0 ? timelineLines(shown, screen, before) : []),
    ...(left > 0 ? [screen.paint('dim', `… ${count(left, 'more event')}: ${rest}`)] : []),
  ];
};

type Field = Readonly<{ name: string; a: string; b: string }>;

type Known = Pick<DiffContext, 'stepsA' | 'stateA'> &
  Readonly<{ eventsA: readonly StreamEvent[]; eventsB: readonly StreamEvent[] }>;

const fieldLines = (
  changes: readonly Change[],
  known: Known,
  screen: Screen,
): readonly string[] => {
  const { width } = screen;
  const rows = changes.map((change): Field => {
    const name = oneLine(change.path.slice(1).replaceAll('/', '.'));
    return {
      name: isNarrow(width) ? name.replace(uuids, (id) => `${id.slice(0, 8)}…`) : name,
      a: cut(change.op === 'add' ? nothing : before(change, known), room(width)),
      b: cut(
        change.op === 'remove' ? nothing : told(change, change.value, known.eventsB),
        mostOfValue,
      ),
    };
  });
  return tableLines<Field>(
    [
      { title: 'WHAT DIFFERS', text: ({ name }) => name, style: 'cyan' },
      { title: 'IN A', text: ({ a }) => a },
      { title: 'IN B', text: ({ b }) => b },
    ],
    rows,
    screen,
  );
};

const nothing = '–';
const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const mostOfValue = 60;

/** Whether ids are shortened, so that there is room for what differs. */
const isNarrow = (width: number | undefined): boolean => width !== undefined && width < 120;

/** How much of a screen what is in `a` may take: what is in `b` gets as much or more. */
const room = (width: number | undefined): number =>
  width === undefined
    ? mostOfValue
    : Math.min(mostOfValue, Math.max(12, Math.floor(width / 2) - 14));

/** What `a` has at a place: messages and checkpoints as its tail says, as they were before it otherwise. */
const before = ({ path }: Change, { stepsA, stateA, eventsA }: Known): string => {
  const value = valueAt(stateA, path);
  if (value !== undefined) return shownValue(value);
  const setting = stepsA.flatMap(({ changes }) => changes).findLast((made) => made.path === path);
  return setting && setting.op !== 'remove' ? told(setting, setting.value, eventsA) : '(as before)';
};

const valueAt = (state: JsonObject, path: string): JsonValue | undefined =>
  keysIn(path).reduce<JsonValue | undefined>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as JsonObject)[key]
        : undefined,
    state,
  );

/** A value in a few words; of a message without words what it calls, which only its event says. */
const told = (
  { path }: Pick<Change, 'path'>,
  value: JsonValue,
  events: readonly StreamEvent[],
): string => {
  const posted = events.find(
    ({ type, data }) => type === 'MessagePosted' && path === `/messages/${String(data.messageId)}`,
  );
  return posted && isObject(value) && textOf(value.content) === ''
    ? summaryOf(posted)
    : shownValue(value);
};

/** A value in a few words; of a message what it says. */
const shownValue = (value: JsonValue): string =>
  isObject(value) && typeof value.role === 'string' && value.content !== undefined
    ? cut(oneLine(`${value.role}: ${textOf(value.content)}`), mostOfValue)
    : shortValue(value, mostOfValue);

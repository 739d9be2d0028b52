import type { Change, StreamEvent } from '../client/client.js';
import { deltaBetween } from '../domain/delta.js';
import { changesIn, summaryOf } from './event-summary.js';
import { isObject } from './is-object.js';
import { oneLine } from './text.js';

/** An event of a stream, and what it changed in the state. */
export type SteppedEvent = StreamEvent & Readonly<{ changes: readonly Change[] }>;

/** What an event changed, in a few words on one line. */
export const toldChange = (event: SteppedEvent): string => {
  if (isTelling(event)) return summaryOf(event);
  const changed = changesIn(
    event.changes.flatMap(event.type === 'CheckpointSaved' ? inSavedState : withoutFingerprints),
  );
  const { reason, error } = event.data;
  const why = [reason, error].find((text) => typeof text === 'string');
  return typeof why !== 'string' || changed.includes(JSON.stringify(why).slice(0, 20))
    ? changed
    : [changed, oneLine(why)].filter(Boolean).join(': ');
};

/** Whether an event itself says best what came of it: it began something, or is somebody's words. */
const isTelling = ({ revision, type }: StreamEvent): boolean =>
  revision === 0 || type === 'StreamForked' || type.startsWith('Message');

/** Where an execution's state has that of its newest checkpoint. */
const saved = '/latest/state';

/** Of what a checkpoint changed, what it changed in the state that was saved. */
const inSavedState = (change: Change): readonly Change[] => {
  if (change.path.startsWith(`${saved}/`))
    return [{ ...change, path: change.path.slice(saved.length) }];
  if (change.op === 'remove') return [];
  const { path, value } = change;
  const state = path === saved ? value : path === '/latest' && isObject(value) ? value.state : {};
  return isObject(state) ? deltaBetween({}, state) : [];
};

/** Leaves out what only the rules need. */
export const withoutFingerprints = (change: Change): readonly Change[] =>
  /^\/(?:deltas$|checkpoints\b|messages\/[^/]+\/postedAs$)/.test(change.path) ? [] : [change];

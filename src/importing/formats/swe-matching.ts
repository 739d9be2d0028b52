import type { JsonObject } from '../../domain/json.js';
import { textOf } from '../excerpt.js';
import type { Notes } from '../notes.js';
import type { RecordedMessage } from '../recorded-run.js';
import type { Turn } from '../turns.js';

/**
 * Finds the turn of the history that each entry of the trajectory belongs to; undefined where the
 * history has lost it. Nothing links the two but their order and what was said. Where there are as
 * many turns as entries the order decides, because some recordings were retouched in one of the two
 * places; else an entry belongs to the next turn that says the same.
 */
export const matchTurns = (
  trajectory: readonly JsonObject[],
  turns: readonly Turn[],
  messages: readonly RecordedMessage[],
  notes: Notes,
): readonly (Turn | undefined)[] => {
  if (trajectory.length === 0) return [];
  const saying = (turn: Turn | undefined) => {
    const said = turn && messages[turn.message];
    return said && textOf(said);
  };

  if (turns.length === trajectory.length) {
    for (const [index, { response }] of trajectory.entries())
      if (saying(turns[index]) !== response)
        notes.add('the response differs from the message in the history', `trajectory[${index}]`);
    return turns;
  }

  const places = new Map<string | undefined, number[]>();
  for (const [at, turn] of turns.entries()) {
    const same = places.get(saying(turn));
    if (same) same.push(at);
    else places.set(saying(turn), [at]);
  }
  let next = 0;
  const isTaken = new Set<number>();
  const matched = trajectory.map(({ response }, index) => {
    const same = typeof response === 'string' ? (places.get(response) ?? []) : [];
    while (same[0] !== undefined && same[0] < next) same.shift();
    const [found] = same;
    if (found === undefined) {
      notes.add('the history has no message for this step', `trajectory[${index}]`);
      return undefined;
    }
    next = found + 1;
    isTaken.add(found);
    return turns[found];
  });
  for (const [at, { message }] of turns.entries())
    if (!isTaken.has(at))
      notes.add('the trajectory has no step for this message', `history[${message}]`);
  return matched;
};

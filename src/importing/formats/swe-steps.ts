import { isObject, type JsonObject } from '../../domain/json.js';
import { actionExcerpt, observationExcerpt, textOf } from '../excerpt.js';
import { type Fields, fieldsOf } from '../fields.js';
import { compact, parseJson } from '../json.js';
import {
  beginningOf,
  EXCERPT,
  ifSmall,
  limits,
  objectWithin,
  textWithin,
  unknownFields,
} from '../limits.js';
import type { Notes } from '../notes.js';
import type { RecordedMessage, RecordedStep } from '../recorded-run.js';
import { type Turn, turnsOf } from '../turns.js';
import { matchTurns } from './swe-matching.js';

/**
 * One step per entry of the trajectory, placed after the messages of the history it belongs to. What
 * no message holds (a step the history has lost, the last observation) is kept whole in its outputs.
 */
export const sweSteps = (
  trajectory: readonly JsonObject[],
  messages: readonly RecordedMessage[],
  notes: Notes,
): readonly RecordedStep[] => {
  const turns = turnsOf(messages, ({ metadata }) => metadata.isDemo !== true).filter(
    ({ message }) => messages[message]?.metadata.isDemo !== true,
  );
  const matched = matchTurns(trajectory, turns, messages, notes);
  let reached = turns[0]?.message ?? messages.length;
  return trajectory.map((entry, index): RecordedStep => {
    const turn = matched[index];
    reached = turn?.afterMessages ?? reached;
    return stepOf(entry, index, turn, reached, messages, notes);
  });
};

const stepOf = (
  entry: JsonObject,
  index: number,
  turn: Turn | undefined,
  afterMessages: number,
  messages: readonly RecordedMessage[],
  notes: Notes,
): RecordedStep => {
  const place = `trajectory[${index}]`;
  const fields = fieldsOf(entry);
  const action = (fields.text('action') ?? '').trim();
  const observation = fields.text('observation') ?? '';
  const environment = environmentOf(fields, place, notes);
  if (fields.list('messages'))
    notes.add('messages is left out: it repeats the history as it stood after the step', place);

  const said = turn ? messages[turn.message] : undefined;
  const isHeld = (turn?.answers ?? []).some((at) => {
    const answer = messages[at];
    return answer !== undefined && textOf(answer).includes(observation.trim());
  });
  const response = fields.text('response');
  const thought = fields.text('thought');
  const isSaid = (text: string | undefined) =>
    text === undefined || (said !== undefined && textOf(said).includes(text.trim()));
  return {
    agent: typeof said?.metadata.agent === 'string' ? said.metadata.agent : 'main',
    stage: `step-${index + 1}`,
    stageOrder: index + 1,
    state: compact({
      step: index + 1,
      messages: afterMessages,
      environment,
      lastAction: beginningOf(action, EXCERPT),
      executionTime: fields.number('execution_time'),
    }),
    outputs: objectWithin(
      compact({
        ...actionExcerpt(action),
        ...(isHeld ? observationExcerpt(observation) : whole(observation)),
        response: isSaid(response) ? undefined : response,
        thought: isSaid(thought) ? undefined : thought,
        recorded: unknownFields(fields.rest(), place, notes),
      }),
      limits.outputs,
      'the step that no message holds',
      place,
      notes,
    ),
    afterMessages,
  };
};

// Half of what a step's outputs may take up: the rest is for the response.
const whole = (observation: string): JsonObject => {
  const within = textWithin(observation, limits.outputs / 2);
  return {
    observation: within,
    ...(within.length < observation.length ? { truncated: true } : {}),
  };
};

// Older files hold the state as a string of JSON, newer ones as an object.
const environmentOf = (fields: Fields, place: string, notes: Notes): JsonObject | undefined => {
  const text = fields.text('state');
  if (text === undefined)
    return ifSmall(fields.object('state'), limits.named, 'state', place, notes);
  try {
    const parsed = parseJson(text);
    if (isObject(parsed)) return ifSmall(parsed, limits.named, 'state', place, notes);
  } catch {
    notes.add('state is a string that is not JSON, kept as it is', place);
  }
  return { text: textWithin(text, limits.named) };
};

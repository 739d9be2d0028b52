import { v7 } from 'uuid';
import type { Amendment, ForklineClient, JsonObject, JsonValue } from '../client/client.js';
import { type Assignment, assign } from './assignment.js';
import { CommandFailure } from './command-failure.js';
import { linkTo, type StreamReference } from './stream-reference.js';
import { oneLine } from './text.js';

type Place = Required<StreamReference>;

/**
 * The commands that make a fork what `--set` asks for: for an execution a checkpoint with the changed
 * state, for a session a change of its newest user message or of its title.
 *
 * @param assignments such as {@link misfitOf} finds nothing wrong with
 * @throws CommandFailure when there is nothing yet at the revision to change
 */
export const amendmentsFor = async (
  client: ForklineClient,
  place: Place,
  assignments: readonly Assignment[],
): Promise<readonly Amendment[]> => {
  if (assignments.length === 0) return [];
  if (place.stream.startsWith('execution-'))
    return [await changedCheckpoint(client, place, assignments)];
  return Promise.all(assignments.map((assignment) => changedSession(client, place, assignment)));
};

/** What is wrong with setting these in a stream of this name; undefined when nothing is. */
export const misfitOf = (
  stream: string,
  assignments: readonly Assignment[],
): string | undefined => {
  if (stream.startsWith('execution-') || assignments.length === 0) return undefined;
  if (!stream.startsWith('session-')) return '--set changes sessions and executions only.';
  const other = assignments.map(nameOf).find((name) => name !== 'title' && name !== 'content');
  return other === undefined
    ? undefined
    : `a session has content and title to set, not ${oneLine(other)}.`;
};

const nameOf = ({ path }: Assignment): string => path.join('.');

type Checkpoint = Readonly<{ agent: string; stage: string; stageOrder: number; state: JsonObject }>;

const changedCheckpoint = async (
  client: ForklineClient,
  { stream, revision }: Place,
  assignments: readonly Assignment[],
): Promise<Amendment> => {
  const { state: execution } = await client.streams.state(stream, { at: revision });
  if (!execution.latest)
    throw new CommandFailure(`there is no checkpoint up to ${linkTo(stream, revision)} to change`);
  // What an execution's state holds as `latest` is its newest checkpoint.
  const { agent, stage, stageOrder, state } = execution.latest as unknown as Checkpoint;
  return {
    type: 'SaveCheckpoint',
    checkpointId: v7(),
    agent,
    stage,
    stageOrder,
    state: assignments.reduce(assign, state),
  };
};

const changedSession = async (
  client: ForklineClient,
  place: Place,
  assignment: Assignment,
): Promise<Amendment> => {
  const { value, text } = assignment;
  if (nameOf(assignment) === 'title')
    return { type: 'ChangeSession', title: typeof value === 'string' ? value : text };
  const content: JsonValue = typeof value === 'string' || Array.isArray(value) ? value : text;
  return { type: 'EditMessage', messageId: await newestUserMessage(client, place), content };
};

/** The newest message of a user that is not deleted, as of a revision. */
const newestUserMessage = async (
  client: ForklineClient,
  { stream, revision }: Place,
): Promise<string> => {
  const deleted = new Set<JsonValue | undefined>();
  const backwards = client.streams.eachEvent(stream, { from: revision, direction: 'backwards' });
  for await (const { type, data } of backwards) {
    if (type === 'MessageDeleted') deleted.add(data.messageId);
    const isTheirs = type === 'MessagePosted' && data.role === 'user';
    if (isTheirs && typeof data.messageId === 'string' && !deleted.has(data.messageId))
      return data.messageId;
  }
  throw new CommandFailure(`no user has said anything up to ${linkTo(stream, revision)}`);
};

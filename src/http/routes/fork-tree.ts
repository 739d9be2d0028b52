import { type ForkCommand, forkStream } from '../../commands/fork.js';
import type { CommandRequest, Outcome } from '../../commands/request.js';
import { isRejection } from '../../domain/decider.js';
import type { Origin } from '../../domain/fork.js';
import { type SessionCommand, session } from '../../domain/session.js';
import type { StoredEvent } from '../../eventstore/event-store.js';
import { load } from '../../eventstore/load.js';
import {
  type Child,
  type FamilyAt,
  openChildren,
  settledChildren,
} from '../../queries/children.js';
import { carriedOut } from '../answers.js';
import { modelsSeen } from '../models-seen.js';
import { Problem } from '../problem.js';
import type { Services } from '../services.js';
import { forkChild, type Taking } from './fork-child.js';

const atOnce = 8;
const mostShared = 100;

export type TreeFork = ForkCommand<SessionCommand> & Readonly<{ forkedAt: string }>;

export type ForkedChild = Readonly<{ stream: string; forkedFrom: Origin }>;

/** What came of it. `position` is that of the newest event of all. */
export type ForkedTree = Outcome &
  Readonly<{
    children: readonly ForkedChild[];
    /** The first of those that were finished, and how many they are. */
    shared: readonly string[];
    sharedCount: number;
  }>;

/**
 * Forks a session, and under the fork what was open in it as of the event forked at: first the
 * session, then the executions, then what may belong to those. Each is an append of its own; their ids
 * come from the command's, so that the same command carried out again completes what was cut off.
 *
 * @param resume whether what is taken along goes on by itself, instead of standing still
 * @throws Problem when the session cannot be forked, NotCaughtUp, and what the stores throw
 */
export const forkTree = async (
  services: Services,
  fork: TreeFork,
  resume: boolean,
  request: CommandRequest,
): Promise<ForkedTree> => {
  const { streams, snapshots, collections } = services;
  const ofTree = { ...fork, scope: 'tree' } as const;
  const outcome = carriedOut(await forkStream(streams, session, ofTree, request, snapshots));
  const family = await familyAt(services, outcome.stream, fork.at);
  const { streams: settled, count } = await settledChildren(collections, family, mostShared);
  const others: string[] = [];
  const forked = new Map<string, ForkedChild>();
  let { position } = outcome;

  const candidates = (await isOpen(services, outcome.stream))
    ? await openChildren(collections, family)
    : [];
  const taking: Taking = {
    position: family.position,
    sessionId: fork.id,
    forkedAt: fork.forkedAt,
    resume,
    request: withoutRevision(request),
    executions: new Map(),
    stageTasks: new Set(),
  };
  const take = async (child: Child): Promise<void> => {
    const taken = await forkChild(services, taking, child);
    if (!taken) {
      others.push(child.stream);
      return;
    }
    const { outcome, forkedFrom } = taken;
    forked.set(child.stream, { stream: outcome.stream, forkedFrom });
    position = Math.max(position, outcome.position);
  };
  for (const some of batchesOf(candidates)) {
    const ended = await Promise.allSettled(some.map(take));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }
  return {
    ...outcome,
    position,
    children: candidates.flatMap(({ stream }) => forked.get(stream) ?? []),
    shared: [...settled, ...others.sort()].slice(0, mostShared),
    sharedCount: count + others.length,
  };
};

/** Children to be taken at the same time: executions come first, and what may belong to them after. */
const batchesOf = (children: readonly Child[]): readonly (readonly Child[])[] => {
  const isExecution = ({ category }: Child) => category === 'execution';
  const others = children.filter((child) => !isExecution(child));
  return [children.filter(isExecution), others].flatMap((some) =>
    Array.from({ length: Math.ceil(some.length / atOnce) }, (_, n) =>
      some.slice(n * atOnce, (n + 1) * atOnce),
    ),
  );
};

const withoutRevision = ({ ifRevision: _, ...request }: CommandRequest): CommandRequest => request;

/** The session whose children are taken along, and as of when, once the read models know of them. */
const familyAt = async (
  { streams, runner, store }: Services,
  fork: string,
  at: number,
): Promise<FamilyAt> => {
  const ancestry = (await streams.ancestryOf(fork)) ?? [];
  let origin: StoredEvent | undefined;
  for await (const event of streams.read(fork, { from: at, limit: 1 })) origin = event;
  if (!origin) throw new Problem('revision-not-found');
  const { stream, position } = origin;
  // What a fork took along was written after it.
  const until = ancestry.length > 1 ? await store.head() : position;
  await modelsSeen(runner, ['executions', 'interrupts', 'tasks'], until);
  return { sessionId: stream.slice('session-'.length), position };
};

/** Whether something may begin in a session: into one that is over, nothing is taken. */
const isOpen = async (sources: Services, stream: string): Promise<boolean> => {
  const { state } = await load(sources, session, stream);
  return !isRejection(session.decide({ type: 'EnterSession' }, state));
};

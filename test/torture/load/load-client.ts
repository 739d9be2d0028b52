import { setTimeout as delay } from 'node:timers/promises';
import { ForklineClient, ForklineError } from '../../../src/client/node-client.js';
import { type Draw, drawFrom } from '../draw.js';
import type { Log } from '../log.js';
import type { Place } from '../log-lines.js';
import { type Command, drawCommand, type Sort } from './command.js';
import { newMemory } from './memory.js';

export type LoadClientOptions = Readonly<{
  name: string;
  /** Who it is; several clients may be the same user. */
  user: string;
  seed: number;
  urls: readonly string[];
  sorts: readonly Sort[];
  /** A session that all clients of the user write to. */
  sharedSession: string;
  /** What it does first. */
  beginning(draw: Draw): readonly Command[];
  log: Log;
  /** Aborted when no more commands are to be sent. */
  stopping: AbortSignal;
}>;

/** For how long a command is tried again while nobody answers, in milliseconds, and one attempt may take. */
const patienceMs = 25_000;
const attemptMs = 8_000;
const longestThinkMs = 60;
/** How many callers are gone before they are answered, and within how many milliseconds. */
const hasty = { share: 0.03, mostMs: 25 };

const isCallers = (status: number): boolean => status >= 400 && status < 500 && status !== 429;

/** Sends one command after another until it is stopped. Which ones, the seed and its name say. */
export const runLoadClient = async (options: LoadClientOptions): Promise<void> => {
  const { name, user, seed, urls, sorts, log, stopping } = options;
  const draw = drawFrom(seed, name);
  const memory = newMemory();
  const heads = new Map<string, number>();
  const known = { revisionOf: (stream: string) => heads.get(stream) };
  let current = '';

  /** Says with each request which command it is for, as its events will. */
  const named: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...init?.headers, 'x-request-id': current } });
  const clients = urls.map(
    (url) => new ForklineClient({ url, userId: user, fetch: named, retryForMs: 2_000 }),
  );
  const clientFor = (turn: number): ForklineClient =>
    clients[turn % clients.length] as ForklineClient;

  const learn = (places: readonly Place[]): void => {
    for (const { stream, revision } of places)
      heads.set(stream, Math.max(revision, heads.get(stream) ?? 0));
  };

  /**
   * Sends it until it is answered, under one key, to one node after another; or only once, where the caller is
   * gone after so many milliseconds.
   */
  const carryOut = async (
    command: Command,
    id: string,
    turn: number,
    goneAfterMs: number | undefined,
  ): Promise<Place[]> => {
    const giveUp = goneAfterMs === undefined ? performance.now() + patienceMs : 0;
    for (let attempts = 1; ; attempts++) {
      try {
        const signal = AbortSignal.timeout(goneAfterMs ?? attemptMs);
        const places = await command.call(clientFor(turn + attempts), {
          idempotencyKey: id,
          signal,
        });
        log.note({ log: 'acknowledged', id, places, attempts });
        learn(places);
        return [...places];
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (error instanceof ForklineError) {
          const { status, code, detail } = error;
          if (isCallers(status)) {
            log.note({ log: 'refused', id, status, code, attempts });
            return [];
          }
          if (![0, 429, 503, 504].includes(status))
            log.note({ log: 'wrong', id, status, code, detail });
        }
        if (performance.now() > giveUp) {
          log.note({ log: 'unknown', id, why, attempts });
          return [];
        }
        await delay(150);
      }
    }
  };

  /** What was written is there for who asks for it, on any node, or nobody answers. */
  const readBack = async (command: Command, id: string, place: Place, turn: number) => {
    try {
      const missing = await command.readBack?.(clientFor(turn), place);
      log.note({ log: 'read', id, found: missing === undefined, detail: missing ?? '' });
    } catch (error) {
      if (!(error instanceof ForklineError)) throw error;
      const { status, code } = error;
      if (isCallers(status)) log.note({ log: 'read', id, found: false, detail: code });
    }
  };

  /** What a fork inherits, as it is read of it. */
  const readFork = async ({ makes, forks }: Command, turn: number) => {
    if (!makes || !forks) return;
    const ids: string[] = [];
    try {
      for await (const { revision, id } of clientFor(turn).streams.eachEvent(makes)) {
        if (revision > forks.at) break;
        ids.push(id);
      }
      log.note({ log: 'fork-read', fork: makes, through: forks.at, ids });
    } catch (error) {
      if (!(error instanceof ForklineError)) throw error;
    }
  };

  const first = options.beginning(draw);

  const send = async (command: Command, n: number): Promise<void> => {
    const id = `${name}-${n}`;
    current = id;
    const { kind, events, needs, makes, forks } = command;
    log.note({
      ...{ log: 'intent', id, client: name, kind, events, needs },
      ...(makes !== undefined && { makes }),
      ...(forks && { forks }),
    });
    const turn = draw.below(urls.length);
    const looksBack = draw.chance(0.25);
    const goneAfterMs = draw.between(1, hasty.mostMs);
    // What makes several events is only whole once it was repeated, and the answer to a webhook holds its secret.
    const mayGo = events[1] === 1 && !kind.startsWith('webhook') && n >= first.length;
    const isHasty = draw.chance(hasty.share) && mayGo;
    const [place] = await carryOut(command, id, turn, isHasty ? goneAfterMs : undefined);
    if (!place) return;
    if (looksBack && command.readBack) await readBack(command, id, place, turn + 1);
    if (forks) await readFork(command, turn + 1);
  };

  memory.add('session', draw, options.sharedSession);
  for (const [n, command] of first.entries()) await send(command, n);
  for (let n = first.length; !stopping.aborted; n++) {
    const thinkMs = draw.below(longestThinkMs);
    const command = drawCommand(sorts, memory, draw, known);
    if (command) await send(command, n);
    await delay(thinkMs);
  }
  for (const client of clients) client.close();
};

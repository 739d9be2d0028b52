import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { adopt } from './adopt.js';
import { type Build, type BuildOptions, startBuild } from './build.js';
import { checkpointsIn } from './checkpoints.js';
import type { Clock } from './clock.js';
import type { Model, Models } from './models.js';
import { readersIn } from './readers.js';
import type { Rebuild } from './rebuild-documents.js';
import { type RebuildOperations, rebuildOperations } from './rebuild-operations.js';
import { forgetPoison, isUnderWay, rebuildsIn } from './rebuilds.js';
import { removeModel } from './remove-model.js';
import type { Runner } from './runner.js';
import type { Serving } from './serving.js';

/** Read models built anew beside the ones that serve. */
export type Rebuilding = RebuildOperations & Readonly<{ stop(): Promise<void> }>;

type Options = BuildOptions &
  Readonly<{
    models: Models;
    serving: Serving;
    /** What keeps the models that serve. */
    runner: Runner;
    clock: Clock;
    /** Milliseconds between two looks at what is to be done; 500 by default. */
    everyMs?: number;
  }>;

/** For how long an ending node tries to say so. */
const farewellMs = 1_000;

/** How often a node says which collections it reads, unless that changes. */
const noteEveryMs = 5_000;

/**
 * Takes part in rebuilds: builds if no other node does, goes over to what serves, removes what nobody
 * reads any more. A projection whose version has no model of its own yet gets one by itself.
 */
export const startRebuilding = (options: Options): Rebuilding => {
  const { db, projections, parked, models, serving, runner, clock, log, everyMs = 500 } = options;
  const node = randomUUID();
  const rebuilds = rebuildsIn(db, clock, node);
  const readers = readersIn(db, clock, node);
  const checkpoints = checkpointsIn(db);
  const operations = rebuildOperations({ models, rebuilds, readers, projections });
  const startedAt = clock.now();
  const stopping = new AbortController();
  const { signal } = stopping;
  let build: Build | undefined;
  let adopting: Promise<void> | undefined;
  let noted = { collections: '', at: Number.NEGATIVE_INFINITY };

  const isOurs = ({ models: rebuilt }: Rebuild) =>
    rebuilt.every(({ name, version }) =>
      projections.some((each) => each.name === name && each.version === version),
    );

  const note = async (known: readonly Model[]): Promise<void> => {
    const building = build?.rebuild.models.map(({ collection }) => collection) ?? [];
    const next = known.map((model) => model.serving.collection);
    const read = [...new Set([...serving.collections(), ...next, ...building])].sort();
    const isDue = performance.now() - noted.at > noteEveryMs;
    if (!isDue && noted.collections === read.join()) return;
    await readers.note(read);
    noted = { collections: read.join(), at: performance.now() };
  };

  /** What another release keeps, this node only watches. */
  const watch = async (): Promise<void> => {
    const foreign = projections.filter(serving.isForeign);
    if (foreign.length === 0) return;
    const come = await checkpoints.load(foreign.map(serving.collectionOf));
    for (const projection of foreign)
      runner.progress(projection.name).advance(come.get(serving.collectionOf(projection)) ?? -1);
  };

  const switchTo = async ({ id, models: rebuilt }: Rebuild): Promise<void> => {
    for (const { name, version, collection } of rebuilt)
      await models.switchTo({ _id: `${name}_v${version}` }, { collection, version });
    await rebuilds.move(id, 'switched');
    log.info({ projections: rebuilt.map(({ name }) => name) }, 'rebuilt read models serve');
  };

  const leaveOff = async (): Promise<void> => {
    const ended = build;
    build = undefined;
    await ended?.stop();
  };

  const buildOn = async (known: readonly Model[], last: Rebuild | null): Promise<void> => {
    if (!build) {
      if (!last || !isUnderWay(last) || !isOurs(last)) return;
      const taken = await rebuilds.take();
      if (taken?.state === 'switching') await switchTo(taken);
      if (taken?.state !== 'building') return;
      build = await startBuild(options, taken);
      // Said before anything could take it for litter.
      return note(known);
    }
    const { rebuild } = build;
    const poison = build.poison();
    if (poison) {
      log.error({ ...poison }, 'a rebuild stopped at an event that cannot be folded');
      await leaveOff();
      const leaves = rebuild.models.map(({ collection }) => collection);
      await rebuilds.move(rebuild.id, 'stopped', leaves, poison);
      // Deleted for good meanwhile, it may have been forgotten before it was noted.
      if (await parked.hasEnded(poison.stream)) await forgetPoison(db, [poison.stream]);
      return;
    }
    const isComplete = await build.isComplete();
    if (!(await rebuilds.report(rebuild.id, await build.progress()))) return leaveOff();
    if (!isComplete) return;
    await leaveOff();
    const replaced = known.filter(({ _id }) =>
      rebuild.models.some(({ name, version }) => _id === `${name}_v${version}`),
    );
    const leaves = replaced.flatMap(({ previous }) => previous?.collection ?? []);
    if (await rebuilds.move(rebuild.id, 'switching', leaves)) await switchTo(rebuild);
  };

  const goOver = (known: readonly Model[]): void => {
    const wanted = known.filter(
      (model) =>
        model.serving.version === model.version &&
        model.serving.collection !== serving.of(model.name).collection,
    );
    if (wanted.length === 0 || adopting !== undefined) return;
    adopting = adopt({ ...options, signal }, wanted)
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'read models were not gone over to yet');
      })
      .finally(() => {
        adopting = undefined;
      });
  };

  /** Whether a rebuild that ended without success has been tried since this node was started. */
  const isGivenUp = (last: Rebuild | null, name: string): boolean =>
    last !== null &&
    Date.parse(last.startedAt) >= startedAt &&
    last.models.some((each) => each.name === name);

  const beginMissing = async (known: readonly Model[], last: Rebuild | null): Promise<void> => {
    if (last && isUnderWay(last)) return;
    const missing = known.filter(
      (model) => model.serving.version !== model.version && !isGivenUp(last, model.name),
    );
    if (missing.length > 0) await operations.begin(missing.map(({ name }) => name));
  };

  const sweep = async (last: Rebuild | null): Promise<void> => {
    for (const collection of last?.litter ?? []) {
      if (await readers.isRead(collection)) continue;
      await removeModel(db, collection);
      await models.forget(collection);
      await rebuilds.discarded(collection);
    }
  };

  const look = async (): Promise<void> => {
    const known = await models.load(projections);
    await note(known);
    await watch();
    const last = await rebuilds.last();
    await buildOn(known, last);
    goOver(known);
    await beginMissing(known, last);
    await sweep(last);
  };

  const running = (async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'rebuilds were not looked after');
      });
      await delay(everyMs, undefined, { signal }).catch(() => {});
    }
  })();

  return {
    ...operations,
    stop: async () => {
      stopping.abort();
      await running;
      await adopting;
      await leaveOff();
      // Those who are left need not wait then; if the database is away, what this node said runs out.
      const left = Promise.allSettled([rebuilds.release(), readers.leave()]);
      await Promise.race([left, delay(farewellMs, undefined, { ref: false })]);
    },
  };
};

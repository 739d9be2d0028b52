import { type Counter, Gauge, type Registry } from 'prom-client';
import { inTime } from '../http/in-time.js';
import type { Runner } from '../projecting/runner.js';
import type { Serving } from '../projecting/serving.js';
import type { Collections } from '../queries/collections.js';
import { countParked } from '../queries/parked.js';
import { countTasks } from '../queries/queues.js';
import type { Reactions } from '../reactions/start-reactions.js';

export type DatabaseFigureSources = Readonly<{
  collections: Collections;
  runner: Pick<Runner, 'status'>;
  serving: Pick<Serving, 'collectionOf'>;
  reactions: Pick<Reactions, 'status'>;
}>;

/** Names of queues are made up by clients: with more queues than this there are only sums. */
const mostQueues = 100;
/** Metrics are asked for when things go wrong: the others are answered without the database. */
const patienceMs = 2_000;

/** Figures that the database knows, asked of it whenever metrics are asked for. All nodes tell the same. */
export const databaseFiguresIn = (
  registry: Registry,
  { collections, runner, serving, reactions }: DatabaseFigureSources,
  scrapeErrors: Counter<'figures'>,
): void => {
  const registers = [registry];

  const asked = async <Answer>(figures: string, answer: Promise<Answer>) => {
    const known = await inTime(patienceMs, answer);
    if (!known) scrapeErrors.inc({ figures });
    return known?.answer;
  };

  const parties = () => [
    ...runner.status().map((status) => ({
      name: status.name,
      consumer: { kind: 'projection', name: serving.collectionOf(status) } as const,
    })),
    ...reactions.status().map(({ name }) => ({
      name,
      consumer: { kind: 'reaction', name } as const,
    })),
  ];

  new Gauge({
    name: 'forkline_parked_events',
    help: 'Events that a projection or reaction has put aside.',
    labelNames: ['kind', 'name'],
    registers,
    async collect() {
      const counted = parties().map(async ({ name, consumer }) => {
        const count = await countParked(collections, consumer);
        return { kind: consumer.kind, name, count };
      });
      const known = (await asked('parked', Promise.all(counted))) ?? [];
      this.reset();
      for (const { kind, name, count } of known) this.set({ kind, name }, count);
    },
  });

  let counting: ReturnType<typeof askForTasks> | undefined;
  const askForTasks = () => asked('tasks', countTasks(collections, mostQueues));
  /** Both of those who need them are asked at the same time. */
  const tasks = () => {
    counting ??= askForTasks().finally(() => {
      counting = undefined;
    });
    return counting;
  };
  new Gauge({
    name: 'forkline_tasks',
    help: 'Tasks of all queues by status.',
    labelNames: ['status'],
    registers,
    async collect() {
      const known = await tasks();
      this.reset();
      if (!known) return;
      for (const [status, count] of countsOf(known.all)) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'forkline_queue_tasks',
    help: `Tasks of a queue by status; absent where there are more than ${mostQueues} queues.`,
    labelNames: ['queue', 'status'],
    registers,
    async collect() {
      const known = await tasks();
      this.reset();
      for (const [queue, counts] of known?.queues ?? [])
        for (const [status, count] of countsOf(counts)) this.set({ queue, status }, count);
    },
  });
};

const statuses = ['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled'] as const;

const countsOf = (counts: Readonly<Record<(typeof statuses)[number], number>>) =>
  statuses.map((status) => [status, counts[status]] as const);

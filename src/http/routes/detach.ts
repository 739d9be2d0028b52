import { z } from 'zod';
import { detachStream } from '../../commands/detach.js';
import type { Category } from '../../domain/deciders.js';
import { NotCaughtUp } from '../../projecting/progress.js';
import { written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';
import { writtenSchema } from '../views/common.js';
import { visibleStream } from '../visible-stream.js';

const patience = 5_000;

/** The read models that have rows of what a fork inherits. */
const models: Readonly<Partial<Record<Category, readonly string[]>>> = {
  session: ['messages'],
  execution: ['checkpoints', 'prunes'],
};

/** Detaches a fork: copies in what it inherits, so that its ancestors can be deleted for good. */
export const detachRoute = (services: Services, gate: FamilyGate): Route =>
  route({
    method: 'post',
    path: '/v1/streams/:stream/detach',
    access: 'own',
    params: z.strictObject({ stream: z.string().max(300) }),
    operationId: 'detachStream',
    summary: 'Copy in what a fork inherits, so that it depends on its ancestors no more',
    answers: { 200: writtenSchema },
    handle: async ({ params }, { caller, command }) => {
      const { category, id, decider, session } = await visibleStream(
        services.streams,
        params.stream,
        caller,
      );
      const copied = (position: number) => rowsThere(services, models[category] ?? [], position);
      const detach = () => detachStream({ ...services, copied }, decider, id, command);
      return written(await gate.add(session, detach));
    },
  });

/**
 * Waits until the rows of copies are there: lists are answered from them as soon as the fork is
 * detached. There may be many, so it waits for as long as there are more.
 *
 * @throws NotCaughtUp when none were added for a while
 */
const rowsThere = async (
  { runner }: Services,
  names: readonly string[],
  position: number,
): Promise<void> => {
  for (const progress of names.map((name) => runner.progress(name)))
    for (let before = -1; before < position; ) {
      const come = progress.position();
      await progress.reached(position, patience).catch((error: unknown) => {
        if (!(error instanceof NotCaughtUp) || progress.position() <= come) throw error;
      });
      before = progress.position();
    }
};

import type { CommandRequest, Outcome } from '../../commands/request.js';
import type { ExecutionEvent } from '../../domain/execution.js';
import { forksOf } from '../../queries/lineage.js';
import { cutKeeping } from '../../queries/prunes.js';
import { carriedOut, written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { modelsSeen } from '../models-seen.js';
import type { Answer } from '../route.js';
import type { Services } from '../services.js';
import { stillForked } from '../still-forked.js';
import { visibleStream } from '../visible-stream.js';

/**
 * Prunes an execution's checkpoints but for the newest ones. While a fork hangs off one that would go,
 * the request is refused and changes nothing. Repeated, it is answered from what it did.
 */
export const pruneCheckpoints = async (
  services: Services,
  gate: FamilyGate,
  id: string,
  keepLast: number,
  command: CommandRequest,
): Promise<Answer> => {
  const stream = `execution-${id}`;
  const { session } = await visibleStream(services.streams, stream, command.caller);
  // A fork taken meanwhile would hang off what is gone.
  return gate.remove(session, async () => {
    const { collections, executions, runner } = services;
    // No command adds nothing, and says where this one was carried out, if it was.
    const before = carriedOut(await executions(id, [], command));
    const done = await prunedBy(services, command, before);
    if (done !== undefined) return written(before, { more: { pruned: done } });

    const newest = Math.max(gate.newest(), await newestOf(services, stream));
    await modelsSeen(runner, ['checkpoints', 'prunes', 'streams'], newest);
    const cut = await cutKeeping(collections, stream, keepLast);
    if (cut) {
      const forks = await forksOf(collections, stream, { low: cut.first, high: cut.kept - 1 });
      if (forks.length > 0) throw stillForked(forks);
    }
    const { through, total, count } = cut ?? { through: -1, total: 0, count: 0 };
    const outcome = carriedOut(
      await executions(id, [{ type: 'PruneCheckpoints', through, total }], command),
    );
    return written(outcome, { more: { pruned: outcome.added > 0 ? count : 0 } });
  });
};

/** How many checkpoints a command pruned, from the event at the place of its effect; undefined when that is another's. */
const prunedBy = async (
  { streams }: Services,
  { commandId }: CommandRequest,
  { stream, revision }: Outcome,
): Promise<number | undefined> => {
  for await (const event of streams.read(stream, { from: revision, limit: 1 })) {
    if (event.metadata.commandId !== commandId) return undefined;
    // The codec has checked that the data is what the type says.
    const { type, data } = event as unknown as ExecutionEvent;
    return type === 'CheckpointsPruned' ? data.count : undefined;
  }
  return undefined;
};

/** Position of a stream's newest event. */
const newestOf = async ({ streams }: Services, stream: string): Promise<number> => {
  let newest = 0;
  const last = streams.read(stream, { direction: 'backwards', limit: 1 });
  for await (const { position } of last) newest = position;
  return newest;
};

import type { CommandRequest } from '../../commands/request.js';
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
 * the request is refused and changes nothing.
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

/** Position of a stream's newest event. */
const newestOf = async ({ streams }: Services, stream: string): Promise<number> => {
  let newest = 0;
  const last = streams.read(stream, { direction: 'backwards', limit: 1 });
  for await (const { position } of last) newest = position;
  return newest;
};

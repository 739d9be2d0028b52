import type { Moment } from '../domain/time.js';
import type { Collections } from './collections.js';

/** A moment that a stream waits for. */
export type Deadline = Readonly<{
  stream: string;
  kind: 'interrupt' | 'task';
  dueAt: Moment;
  /** Of the event that said so. */
  revision: number;
}>;

/** Moments sort as text up to the year 9999. What is later begins with a sign, which comes before every digit. */
const earliest = '0';

/** Whether a moment has come by another. */
export const isDue = (dueAt: Moment, by: Moment): boolean => dueAt >= earliest && dueAt <= by;

/**
 * The deadlines that are due by a moment, oldest first. Costs nothing for those still to come.
 *
 * @param after the last deadline that was read before; from the oldest on when absent
 */
export const listDue = async (
  { deadlines }: Pick<Collections, 'deadlines'>,
  by: Moment,
  limit: number,
  after?: Pick<Deadline, 'dueAt' | 'stream'>,
): Promise<readonly Deadline[]> => {
  const found = await deadlines
    .find({
      dueAt: { $gte: after?.dueAt ?? earliest, $lte: by },
      ...(after && {
        $or: [{ dueAt: { $gt: after.dueAt } }, { dueAt: after.dueAt, _id: { $gt: after.stream } }],
      }),
    })
    .sort({ dueAt: 1, _id: 1 })
    .limit(limit)
    .toArray();
  return found.flatMap(({ stream, kind, dueAt, revision }) =>
    dueAt === undefined ? [] : [{ stream, kind, dueAt, revision }],
  );
};

/** Whose tasks of which queue somebody wants. */
export type Wanted = Readonly<{
  /** Undefined for those of all users. */
  userId: string | undefined;
  queue: string;
  /** Whether `queue` is only how the names of the queues begin. */
  isPrefix: boolean;
}>;

/** Whether a task is one of those wanted: of the right user, and on a queue of the right name or prefix. */
export const isWanted = (
  { userId, queue, isPrefix }: Wanted,
  task: Readonly<{ userId: string; queue: string }>,
): boolean =>
  (userId === undefined || userId === task.userId) &&
  (isPrefix ? task.queue.startsWith(queue) : task.queue === queue);

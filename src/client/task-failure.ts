/** How a task failed, and whether it is any use to try again. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';

  /** @param retryAfterSeconds how long to wait before another attempt; longer after each by default */
  constructor(
    message: string,
    readonly retryable = true,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}

import type { Submitted, TaskCommand, TaskEvent } from '../../src/domain/task.js';

// Literal facts and commands of tasks, for tests of every tier.

/** So many seconds after the task was submitted. */
export const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 1, 12) + seconds * 1_000).toISOString();

export const piece: Submitted = {
  userId: 'ann',
  type: 'summarise',
  queue: 'llm',
  priority: 5,
  payload: { topic: 'fjords' },
  maxAttempts: 3,
  timeoutSeconds: 300,
  sessionId: 's-1',
};
export const submit = (over: Partial<Submitted> = {}): TaskCommand => ({
  type: 'SubmitTask',
  submitted: { ...piece, ...over },
  at: at(0),
});
export const submitted = (over: Partial<Submitted> & { delayed?: true } = {}): TaskEvent => ({
  type: 'TaskSubmitted',
  data: { ...piece, ...over },
});
export const submittedForLater = submitted({ notBefore: at(60), delayed: true });
export const becameDue: TaskEvent = { type: 'TaskBecameDue', data: { queue: 'llm' } };

const lease = (attempt: number, seconds: number) => ({
  workerId: `w-${attempt}`,
  leaseToken: `token-${attempt}`,
  leaseSeconds: 30,
  at: at(seconds),
});
/** The claim of an attempt, for 30 s; the first by default, ten seconds after the task was submitted. */
export const claim = (attempt = 1, seconds = 10): TaskCommand => ({
  type: 'ClaimTask',
  ...lease(attempt, seconds),
});
export const claimed = (attempt = 1, seconds = 10): TaskEvent => {
  const { at: _, ...data } = lease(attempt, seconds);
  return {
    type: 'TaskClaimed',
    data: {
      ...{ queue: 'llm', attempt, ...data },
      ...{ leaseExpiresAt: at(seconds + 30), timesOutAt: at(seconds + 300) },
    },
  };
};
export const extended = (until: number): TaskEvent => ({
  type: 'TaskLeaseExtended',
  data: { queue: 'llm', leaseExpiresAt: at(until) },
});
export const report = (percent: number, seconds: number, status?: string): TaskCommand => ({
  ...{ type: 'ReportProgress', leaseToken: 'token-1', at: at(seconds), percent },
  ...(status !== undefined && { status }),
});
export const progressed = (percent: number, seconds: number, status?: string): TaskEvent => ({
  type: 'TaskProgressed',
  data: { queue: 'llm', at: at(seconds), percent, ...(status !== undefined && { status }) },
});
export const complete = (attempt = 1): TaskCommand => ({
  ...{ type: 'CompleteTask', leaseToken: `token-${attempt}`, result: { pages: 3 } },
});
export const completed: TaskEvent = {
  type: 'TaskCompleted',
  data: { queue: 'llm', workerId: 'w-1', result: { pages: 3 } },
};
type Failing = Extract<TaskCommand, { type: 'FailTask' }>;
export const fail = (over: Partial<Failing> = {}): TaskCommand => ({
  ...{ type: 'FailTask', leaseToken: 'token-1', error: 'no network', retryable: true },
  ...{ at: at(20), jitter: 1, ...over },
});
export const failed = (retryAt?: number, attempt = 1): TaskEvent => ({
  type: 'TaskAttemptFailed',
  data: {
    ...{ queue: 'llm', workerId: `w-${attempt}`, error: 'no network' },
    ...(retryAt === undefined ? { final: true } : { retryAt: at(retryAt) }),
  },
});
export const passDeadline = (seconds: number): TaskCommand => ({
  ...{ type: 'PassDeadline', at: at(seconds), jitter: 1 },
});
type Expired = Extract<TaskEvent, { type: 'TaskLeaseExpired' }>;
export const leaseExpired = (over: Partial<Expired['data']> = {}): TaskEvent => ({
  type: 'TaskLeaseExpired',
  data: { queue: 'llm', workerId: 'w-1', reason: 'lease-expired', ...over },
});
export const deadLettered = (reason: string): TaskEvent => ({
  type: 'TaskDeadLettered',
  data: { queue: 'llm', reason },
});
export const retry: TaskCommand = { type: 'RetryTask' };
export const retried = (from: 'dead' | 'cancelled' | 'delayed' | 'fork'): TaskEvent => ({
  type: 'TaskRetried',
  data: { queue: 'llm', from },
});
export const cancel: TaskCommand = { type: 'CancelTask', reason: 'too slow' };
export const cancelRequested: TaskEvent = {
  type: 'TaskCancelRequested',
  data: { queue: 'llm', reason: 'too slow' },
};
export const cancelled = (
  from: 'ready' | 'delayed' | 'running' | 'dead',
  whose: Readonly<{ workerId?: string }> = {},
): TaskEvent => ({
  type: 'TaskCancelled',
  data: { queue: 'llm', from, ...whose, reason: 'too slow' },
});
export const forkedAt = (through: number): TaskEvent => ({
  type: 'StreamForked',
  data: { ancestry: [{ stream: 'task-1', through }], scope: 'stream' },
});

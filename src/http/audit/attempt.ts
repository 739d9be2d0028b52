import type { Caller, RequestOrigin } from '../../commands/request.js';

/** Something to be kept that left no event by itself. */
export type Attempt = Readonly<{
  /**
   * `AccessRefused`: somebody was turned away. `OthersThingRead`: an administrator looked at what is
   * somebody else's. `DeletedForGood`: a stream was, and with it every event that said who did what.
   */
  type: 'AccessRefused' | 'OthersThingRead' | 'DeletedForGood';
  method: string;
  /** The path of the endpoint, with the names of its parameters. */
  route: string;
  /** What a refusal was answered with. */
  status?: number;
  code?: string;
  /** The stream it was about, and whose that is. */
  target?: string;
  ownerId?: string;
  /** Who it was; absent when nobody knows. */
  caller?: Caller;
  origin: RequestOrigin;
  requestId: string;
}>;

/** The same attempt, as often as it was made in a while. Times are milliseconds since 1970. */
export type Noted = Readonly<{ attempt: Attempt; count: number; firstAt: number; lastAt: number }>;

/** A text that two attempts share when they count as the same one, made again. */
export const sameness = (attempt: Attempt): string => {
  const { type, status, code, method, route, target, caller, origin } = attempt;
  const who = [caller?.userId, caller?.keyId, origin.clientAddress];
  return JSON.stringify([type, status, code, method, route, target, ...who]);
};

/**
 * The attempt that stands for all others of its sort, once there are too many to tell apart: only its
 * type and what it was answered with are left.
 */
export const anyOf = (attempt: Attempt): Attempt => ({
  type: attempt.type,
  method: '*',
  route: '*',
  requestId: '*',
  ...(attempt.status !== undefined && { status: attempt.status }),
  ...(attempt.code !== undefined && { code: attempt.code }),
  origin: { clientAddress: '*' },
});

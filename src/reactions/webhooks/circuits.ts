import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhenResult,
  isBrokenCircuitError,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { growingTo } from '../../growing-to.js';
import type { Response } from './send.js';

/** How many failures in a row open a circuit. */
const failuresInARow = 5;
const firstOpenMs = 1_000;
const longestOpenMs = 5 * 60_000;
/** So many webhooks' circuits are remembered, those used last. */
const mostRemembered = 10_000;

/** The circuit of an endpoint, as this node sees it. While it is open the endpoint is left alone. */
export type Circuit = Readonly<{
  /** When an attempt may be made again, in milliseconds since 1970; undefined while any may. */
  openUntil(): number | undefined;
  /** Makes an attempt, unless the circuit is open. @throws what {@link isCircuitOpen} knows */
  through(attempt: () => Promise<Response>): Promise<Response>;
}>;

/** Whether an error says that an attempt was not made, because the circuit had been opened by another. */
export const isCircuitOpen = (error: unknown): boolean =>
  error instanceof Error && isBrokenCircuitError(error);

/** One circuit a webhook, for those in use. */
export type Circuits = Readonly<{ of(webhookId: string): Circuit }>;

/** A circuit for each webhook, closed at first. */
export const circuits = (): Circuits => {
  const known = new LRUCache<string, Circuit>(growingTo(mostRemembered));
  return {
    of: (webhookId) => {
      const circuit = known.get(webhookId) ?? circuitOf();
      known.set(webhookId, circuit);
      return circuit;
    },
  };
};

const circuitOf = (): Circuit => {
  let reopensAt = 0;
  const policy: CircuitBreakerPolicy = circuitBreaker(
    handleWhenResult((response) => isOverwhelmed(response as Response)),
    {
      breaker: new ConsecutiveBreaker(failuresInARow),
      halfOpenAfter: new DelegateBackoff(({ attempt }) => {
        const openMs = Math.min(firstOpenMs * 2 ** (attempt - 1), longestOpenMs);
        reopensAt = Date.now() + openMs;
        return openMs;
      }),
    },
  );
  return {
    openUntil: () => (policy.state === CircuitState.Closed ? undefined : reopensAt),
    through: (attempt) => policy.execute(attempt),
  };
};

/** Whether an answer says that the endpoint is in trouble, and not only that it did not like what it got. */
const isOverwhelmed = (response: Response): boolean =>
  'error' in response || response.status >= 500 || response.status === 429;

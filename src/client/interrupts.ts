import type {
  Interrupt,
  InterruptQuery,
  InterruptResponse,
  NewInterrupt,
} from './interrupt-types.js';
import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, Written } from './types.js';

/** Questions that hold up an agent until someone answers, or their time is up. */
export const interruptsOver = (http: Transport) => {
  const list = (query?: InterruptQuery, options?: ReadOptions) =>
    http.read<Page<Interrupt>>('/v1/interrupts', query, options);

  return {
    raise: (interrupt: NewInterrupt, options?: WriteOptions) =>
      http.write<Written>('POST', '/v1/interrupts', interrupt, options),
    get: (id: string, options?: ReadOptions) =>
      http.read<Interrupt>(path`/v1/interrupts/${id}`, {}, options),
    /** One page, newest activity first. */
    list,
    /** Every interrupt, newest activity first. */
    each: (query: InterruptQuery = {}, options?: ReadOptions) =>
      everyItem((page: InterruptQuery) => list(page, options), query),
    /**
     * Answers it. Of several answers one wins; the others are refused with
     * `interrupt-already-settled`, and `problem.settled` says what came before.
     */
    respond: (id: string, response: InterruptResponse = {}, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/interrupts/${id}/respond`, response, options),
    cancel: (id: string, reason: Readonly<{ reason?: string }> = {}, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/interrupts/${id}/cancel`, reason, options),
  };
};

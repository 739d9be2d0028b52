/** The longest wait that an endpoint may ask for, in milliseconds. */
const longestMs = 24 * 60 * 60 * 1000;

/**
 * How long an answer asks to wait (RFC 9110, section 10.2.3): a number of seconds or a date.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds, 24 hours at most; 0 when it asks for nothing that can be understood
 */
export const retryAfterMs = (header: string | undefined, now: number): number => {
  if (header === undefined) return 0;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestMs) : 0;
};

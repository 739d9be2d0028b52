/** The keys on the way to a place that a JSON pointer (RFC 6901) names: `/plan/steps/0` is plan, steps, 0. */
export const keysIn = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

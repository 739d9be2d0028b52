/** Something in the history, or in what clients were told, that breaks a promise. */
export type Violation = Readonly<{
  /** Where, as exactly as is known: a stream and revision, a command, a feed, a document. */
  where: string;
  what: string;
}>;

/** What one check looked at and found. */
export type Finding = Readonly<{
  check: string;
  /** How many things it has looked at: a check that looked at none has shown nothing. */
  looked: number;
  violations: readonly Violation[];
}>;

/** Gathers what a check finds. */
export const findingOf = (check: string) => {
  const violations: Violation[] = [];
  let looked = 0;
  return {
    look: (count = 1): void => {
      looked += count;
    },
    broken: (where: string, what: string): void => {
      violations.push({ where, what });
    },
    done: (): Finding => ({ check, looked, violations }),
  };
};

/** Reads an option that may be given several times: the texts of it, in the order given. */
export const several = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

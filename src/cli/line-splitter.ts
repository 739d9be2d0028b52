/** Longer lines are cut into several. */
const longest = 8 * 1024;

/** Makes lines of text that comes in pieces. Empty lines are left out. */
export const lineSplitter = (onLine: (line: string) => void) => {
  let rest = '';
  const give = (line: string): void => {
    if (line.trim() !== '') onLine(line);
  };
  return {
    take: (piece: string): void => {
      const lines = `${rest}${piece}`.split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) give(line);
      while (rest.length > longest) {
        give(rest.slice(0, longest));
        rest = rest.slice(longest);
      }
    },
    /** What came after the last end of a line is a line too. */
    end: (): void => {
      give(rest);
      rest = '';
    },
  };
};

/** Keeps the last lines of many, as many as have so many characters together. */
export const tailOf = (length: number) => {
  let kept: string[] = [];
  let size = 0;
  return {
    add: (line: string): void => {
      kept.push(line);
      size += line.length + 1;
      if (size > 2 * length) {
        kept = [kept.join('\n').slice(-length)];
        size = length;
      }
    },
    text: (): string => kept.join('\n').slice(-length),
  };
};

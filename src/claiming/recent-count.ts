/** Counts what happened within the last `ms` milliseconds, `most` at most. */
export const recentCount = (ms: number, most: number) => {
  let moments: number[] = [];
  return {
    note: (): void => {
      moments.push(performance.now());
      if (moments.length > 2 * most) moments = moments.slice(-most);
    },
    count: (): number => {
      const since = performance.now() - ms;
      if (moments[0] !== undefined && moments[0] <= since)
        moments = moments.filter((at) => at > since);
      return Math.min(moments.length, most);
    },
  };
};

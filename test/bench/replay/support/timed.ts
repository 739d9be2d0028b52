/** Does something so many times, after once that does not count, and gives how long each took in milliseconds. */
export const timed = async (
  rounds: number,
  work: (round: number) => Promise<unknown>,
): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    await work(round);
    if (round > 0) times.push(performance.now() - start);
  }
  return times;
};

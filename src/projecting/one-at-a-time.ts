/**
 * The function made runs work one piece after the other, in the order given, and gives or throws what
 * the work does.
 */
export const oneAtATime = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Outcome>(work: () => Promise<Outcome>): Promise<Outcome> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
};

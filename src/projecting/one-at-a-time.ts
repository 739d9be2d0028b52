/** Lets pieces of work in one after the other, in the order in which they were given. */
export const oneAtATime = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Outcome>(work: () => Promise<Outcome>): Promise<Outcome> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
};

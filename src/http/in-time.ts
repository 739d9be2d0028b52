/**
 * What was answered; undefined when that failed or took too long.
 *
 * @param patienceMs how long to wait
 */
export const inTime = async <Answer>(
  patienceMs: number,
  asked: Promise<Answer>,
): Promise<Readonly<{ answer: Answer }> | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  const answered = asked.then(
    (answer) => ({ answer }),
    () => undefined,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
};

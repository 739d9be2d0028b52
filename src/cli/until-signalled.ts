/** Resolves on the first SIGTERM or SIGINT. A second one ends the process at once. */
export const untilSignalled = (): Promise<undefined> =>
  new Promise((resolve) => {
    let isEnding = false;
    const end = () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      resolve(undefined);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });

/** Lets those who wait for room go on as soon as there is some. */
export type Pace = Readonly<{
  /** @returns undefined while there is room, else what settles once there is */
  room(): Promise<void> | undefined;
  /** To be called whenever there may be room again. */
  moved(): void;
}>;

/** Makes a pace of a question, whether there is room: it is asked again whenever something has moved. */
export const paceBy = (hasRoom: () => boolean): Pace => {
  let waiting: Promise<void> | undefined;
  let resume: () => void = () => undefined;
  return {
    room: () => {
      if (hasRoom()) return undefined;
      waiting ??= new Promise<void>((resolve) => {
        resume = resolve;
      });
      return waiting;
    },
    moved: () => {
      if (!waiting || !hasRoom()) return;
      waiting = undefined;
      resume();
    },
  };
};

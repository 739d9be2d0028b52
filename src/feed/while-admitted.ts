/** A client whose token is no longer taken is closed with this. */
export const noLongerAdmitted = 4001;

/** Whether a client that was let in may stay. */
export type MayStay = () => Promise<boolean>;

/**
 * Asks now and then whether a client may stay, and has it leave once it may not: connections last
 * longer than tokens do. An answer that cannot be had is none.
 *
 * @returns ends the asking
 */
export const whileAdmitted = (
  mayStay: MayStay,
  everyMs: number,
  leave: () => void,
): (() => void) => {
  let isOver = false;
  const ask = async () => {
    const may = await mayStay().catch(() => true);
    if (!may && !isOver) leave();
  };
  const asking = setInterval(() => void ask(), everyMs).unref();
  return () => {
    isOver = true;
    clearInterval(asking);
  };
};

/** A stream's state as users see it: without the token of a lease, which is its holder's secret. */
export const stateView = (state: object): object => {
  const { lease, ...shown } = state as { lease?: { token?: unknown } };
  if (lease === undefined) return state;
  const { token: _, ...rest } = lease;
  return { ...shown, lease: rest };
};

/** What the store's client raised when connections were lost while appends were being written to them. */
const connectionLosses = new WeakSet<object>();

/**
 * Marks an error of the client as the loss of a connection, so that the promises which the client
 * rejects with the same error do not end the process: see {@link tolerateOrphanedRejections}.
 */
export const rememberLoss = (raw: object | undefined): void => {
  if (raw) connectionLosses.add(raw);
};

/**
 * Keeps a lost connection from ending the process. When it is lost, the client (6.2.1) rejects not
 * only the appends under way but also, with the very same error, promises of its own that nobody can
 * hold: those of writes that still waited for room. Node ends a process for such. Every other
 * rejection that nobody handles goes on to end it.
 */
export const tolerateOrphanedRejections = (): void => {
  if (!process.listeners('unhandledRejection').includes(judge))
    process.on('unhandledRejection', judge);
};

const judge = (reason: unknown): void => {
  const isKnown = typeof reason === 'object' && reason !== null && connectionLosses.has(reason);
  // Another listener would never have been asked had Node ended the process; it decides.
  if (!isKnown && process.listenerCount('unhandledRejection') === 1) throw reason;
};

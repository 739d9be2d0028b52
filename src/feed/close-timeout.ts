/** How long a client whose connection is being closed may take to read what was sent before, in milliseconds. */
export const closeTimeoutMs = 30_000;

/** EventStoreDB counts time in ticks of 100 ns. */
export const ticksPerMs = 10_000;

const maxMilliseconds = 8.64e15;

/** Unix seconds as ISO 8601 UTC, to the millisecond; undefined outside of what a Date can hold. */
export const isoTime = (seconds: number): string | undefined => {
  const milliseconds = Math.round(seconds * 1000);
  if (Math.abs(milliseconds) > maxMilliseconds) return undefined;
  return new Date(milliseconds).toISOString();
};

const perValue = 16;

/** About how many bytes a parsed JSON value takes as JSON, without writing it. */
export const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return perValue + value.length;
  if (typeof value !== 'object' || value === null) return perValue;
  let size = perValue;
  for (const inner of Object.values(value)) size += sizeOf(inner);
  return size;
};

const perValue = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Roughly how many bytes a parsed JSON value would take as JSON, without writing it: 16 for each value,
 * and the characters of texts and keys.
 */
export const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return perValue + value.length;
  if (typeof value !== 'object' || value === null) return perValue;
  let size = perValue;
  if (Array.isArray(value)) for (const inner of value) size += sizeOf(inner);
  else for (const key of Object.keys(value)) size += key.length + sizeOf((value as Fields)[key]);
  return size;
};

/** What an event takes besides its data, about. */
const bytesEach = 1_024;

/** Roughly how many bytes an event takes, of which only the data was measured. */
export const eventBytes = ({ size }: Readonly<{ size: number }>): number => bytesEach + size;

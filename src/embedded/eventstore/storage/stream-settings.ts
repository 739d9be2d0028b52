/** What a stream's metadata says about which of its events can be seen. */
export type StreamSettings = Readonly<{
  /** `$maxCount`: only so many of the newest events. */
  maxCount?: number;
  /** `$maxAge`, seconds. */
  maxAge?: number;
  /** `$tb`: the first revision that can be seen. Infinity for a deleted stream. */
  truncateBefore?: number;
}>;

/** Those of a stream whose metadata says nothing. */
export const noSettings: StreamSettings = {};

/** The content of the metadata event that deletes a stream softly. */
export const softDeleteMetadata = '{"$tb":9223372036854775807}';

// 2^63-1 is no JavaScript number: JSON.parse rounds it to 2^63.
const deletedFrom = 2 ** 63;

/** Whether a stream was deleted in the way that lets it be written again. */
export const isSoftDeleted = (settings: StreamSettings): boolean =>
  settings.truncateBefore === Number.POSITIVE_INFINITY;

/** Parses metadata into an object, or undefined when it is not one. */
export const parseMetadata = (data: Buffer): Record<string, unknown> | undefined => {
  try {
    const document: unknown = JSON.parse(data.toString());
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
    return isObject ? (document as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const isRole = (value: unknown) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((v) => typeof v === 'string'));

const isAcl = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.values(value).every(isRole);

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  $maxCount: Number.isInteger,
  $maxAge: Number.isInteger,
  $tb: Number.isInteger,
  $cacheControl: Number.isInteger,
  $acl: isAcl,
};

/** Reads the settings in a metadata event; a document with a key of the wrong type counts as empty. */
export const parseSettings = (data: Buffer): StreamSettings => {
  const document = parseMetadata(data);
  if (!document) return noSettings;
  for (const [key, isValid] of Object.entries(checks))
    if (document[key] !== undefined && !isValid(document[key])) return noSettings;
  const atLeast = (key: string, least: number) => {
    const value = Number(document[key] ?? -1);
    return value >= least ? value : undefined;
  };
  const maxCount = atLeast('$maxCount', 1);
  const maxAge = atLeast('$maxAge', 1);
  const truncateBefore = atLeast('$tb', 0);
  return {
    ...(maxCount !== undefined && { maxCount }),
    ...(maxAge !== undefined && { maxAge }),
    ...(truncateBefore !== undefined && {
      truncateBefore: truncateBefore >= deletedFrom ? Number.POSITIVE_INFINITY : truncateBefore,
    }),
  };
};

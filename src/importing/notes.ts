const PLACES_NAMED = 5;
const LINES_KEPT = 100;

/** Collects a run's warnings: the same finding at many places becomes one line that names the first few. */
export type Notes = Readonly<{
  add: (finding: string, place?: string) => void;
  lines: () => readonly string[];
}>;

/**
 * Empty notes. Findings come out as lines in the order they were first made, each with the places it
 * was made at; beyond a bound they are only counted.
 */
export const takeNotes = (): Notes => {
  const places = new Map<string, string[]>();
  let unkept = 0;
  return {
    add: (finding, place) => {
      const known = places.get(finding);
      if (known) {
        if (place !== undefined) known.push(place);
      } else if (places.size < LINES_KEPT) places.set(finding, place === undefined ? [] : [place]);
      else unkept++;
    },
    lines: () => [
      ...[...places].map(([finding, at]) =>
        at.length === 0 ? finding : `${finding} (${list(at)})`,
      ),
      ...(unkept > 0 ? [`${unkept} more warnings`] : []),
    ],
  };
};

const list = (places: readonly string[]): string => {
  const more = places.length - PLACES_NAMED;
  const named = places.slice(0, PLACES_NAMED).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
};

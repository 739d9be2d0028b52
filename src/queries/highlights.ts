const word = /[\p{L}\p{N}\p{M}]+/gu;
const wordOrMarkup = /[\p{L}\p{N}\p{M}]+|[&<>]/gu;
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** How much is shown on each side of a word, in characters. */
const around = 60;
const most = 3;

/**
 * Up to three pieces of a text around the words that a search asks for, each of those words marked
 * with `<em>`; the rest is HTML-escaped.
 *
 * @param q the search: words; "a phrase"; -without
 */
export const highlightsOf = (text: string, q: string): readonly string[] => {
  const wanted = new Set(wordsOf(q));
  const pieces: string[] = [];
  let shown = 0;
  for (const { 0: found, index } of text.matchAll(word)) {
    if (index < shown || !wanted.has(folded(found))) continue;
    const start = Math.max(shown, index - around);
    shown = Math.min(text.length, index + found.length + around);
    pieces.push(marked(withoutHalves(text.slice(start, shown)), wanted));
    if (pieces.length === most) break;
  }
  return pieces;
};

const wordsOf = (q: string): readonly string[] =>
  (q.replace(/(^|\s)-("[^"]*"?|\S+)/g, ' ').match(word) ?? []).map(folded);

/** A word as the search compares it: upper and lower case alike, without diacritics. */
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** A cut may fall into the middle of a character. */
const withoutHalves = (piece: string): string =>
  piece.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');

const marked = (piece: string, wanted: ReadonlySet<string>): string =>
  piece.replace(
    wordOrMarkup,
    (token) => escapes[token] ?? (wanted.has(folded(token)) ? `<em>${token}</em>` : token),
  );

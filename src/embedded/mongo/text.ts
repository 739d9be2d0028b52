import type { Document } from 'bson';
import { CommandError, unsupported } from './errors.js';
import { valuesAt } from './paths.js';

// Text search as MongoDB's version 3 text index does it for the language "none": no stems, no stop
// words, no case, no diacritics.

/** What a `$text` asks for. */
export type TextQuery = Readonly<{
  /** One of them has to be there, unless there are phrases. */
  terms: readonly string[];
  /** All of them have to be there. */
  phrases: readonly string[];
  negatedTerms: readonly string[];
  negatedPhrases: readonly string[];
}>;

const hasOnlyAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

const folded = (text: string): string =>
  (hasOnlyAscii(text) ? text : text.normalize('NFD').replace(/\p{M}/gu, '')).toLowerCase();

const wordsOf = (foldedText: string): string[] => foldedText.match(/[\p{L}\p{N}]+/gu) ?? [];

/** The words of a text: runs of letters and digits, lower case, without diacritics. */
const termsOf = (text: string): string[] => wordsOf(folded(text));

const textsAt = (document: Document, path: string): string[] =>
  valuesAt(document, path).filter((value) => typeof value === 'string');

/** By how often a word comes; 2 from where a double tells no difference. */
const frequencies = Array.from({ length: 54 }, (_, count) => 2 - 2 ** (1 - count));

/**
 * The score of each term in a document, by MongoDB's formula: every further occurrence counts half
 * of the one before, and a term counts more the larger its share of the field.
 *
 * @param weights how much each field counts, by its path
 */
export const scoreTerms = (
  document: Document,
  weights: Readonly<Record<string, number>>,
): Map<string, number> => {
  const scores = new Map<string, number>();
  for (const [path, weight] of Object.entries(weights))
    for (const text of textsAt(document, path)) {
      const all = folded(text);
      const terms = wordsOf(all);
      const counts = new Map<string, number>();
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
      for (const [term, count] of counts) {
        const frequency = frequencies[count] ?? 2;
        const share = (0.5 * count) / terms.length + 0.5;
        const whole = all === term ? 1.1 : 1;
        scores.set(term, (scores.get(term) ?? 0) + weight * frequency * share * whole);
      }
    }
  return scores;
};

/**
 * Reads what `$text` searches for: words, phrases in quotes, and what must not be there.
 *
 * @throws CommandError for options that ask for more than is done here
 */
export const parseTextQuery = (operand: Document): TextQuery => {
  const { $search: search, $caseSensitive, $diacriticSensitive } = operand;
  if (typeof search !== 'string') throw new CommandError('BadValue', '$search needs a string');
  if ($caseSensitive || $diacriticSensitive) throw unsupported('case or diacritic sensitive $text');
  const phrases: string[] = [];
  const negatedPhrases: string[] = [];
  const rest = search.replace(/(^|\s)?(-?)"([^"]*)"/g, (_, before, minus, phrase) => {
    (minus ? negatedPhrases : phrases).push(folded(phrase).trim());
    return before ?? ' ';
  });
  const words = rest.split(/\s+/);
  const isNegated = (word: string) => word.startsWith('-');
  return {
    terms: [...new Set([...phrases, ...words.filter((word) => !isNegated(word))].flatMap(termsOf))],
    phrases: phrases.filter((phrase) => phrase !== ''),
    negatedTerms: words.filter(isNegated).flatMap(termsOf),
    negatedPhrases: negatedPhrases.filter((phrase) => phrase !== ''),
  };
};

/**
 * Whether a document that has one of the words searched for also has all the phrases, and nothing that
 * was ruled out.
 */
export const passesText = (
  query: TextQuery,
  document: Document,
  weights: Readonly<Record<string, number>>,
): boolean => {
  const { phrases, negatedTerms, negatedPhrases } = query;
  if (phrases.length + negatedTerms.length + negatedPhrases.length === 0) return true;
  const texts = Object.keys(weights).flatMap((path) => textsAt(document, path).map(folded));
  const has = (phrase: string) => texts.some((text) => text.includes(phrase));
  const terms = new Set(texts.flatMap(termsOf));
  return (
    phrases.every(has) && !negatedPhrases.some(has) && !negatedTerms.some((term) => terms.has(term))
  );
};

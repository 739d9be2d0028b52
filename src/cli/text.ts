import { stripVTControlCharacters } from 'node:util';

// What agents and users wrote must not command the terminal it is shown on: escape sequences,
// other control characters and marks that reverse the direction of text never get through.

const controls = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** A text on one line, fit to be shown. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text).replace(/\s+/g, ' ').replace(controls, '').trim();

/** JSON, fit to be shown: what would command the terminal is written as an escape. */
export const shownJson = (json: string): string =>
  json.replace(controls, (control) =>
    control === '\n' ? control : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const graphemes = new Intl.Segmenter();
const ascii = /^[ -~]*$/;
// East Asian wide and fullwidth (UAX #11) in broad strokes, and what is shown as an emoji.
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}])/u;

const widthOfGrapheme = (grapheme: string): number => (wide.test(grapheme) ? 2 : 1);

/** How many columns a text takes. */
export const widthOf = (text: string): number => {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
};

/** The beginning of a text that fits into so many columns, with an ellipsis if that is not all of it. */
export const cut = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let width = 1;
  let fitting = '';
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment);
    if (width > columns) break;
    fitting += segment;
  }
  return `${fitting}…`;
};

/** A text filled up with spaces to so many columns. */
export const pad = (text: string, columns: number, side: 'left' | 'right' = 'right'): string => {
  const spaces = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'right' ? text + spaces : spaces + text;
};

/** A number with its thousands apart, and the noun that fits it. */
export const count = (amount: number, noun: string): string =>
  `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`;

/** A time as people read it, in UTC: `2026-01-02 03:04:05.678`. */
export const shownTime = (iso: string): string => iso.replace('T', ' ').replace('Z', '');

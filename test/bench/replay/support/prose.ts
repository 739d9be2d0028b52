/**
 * Text as people and agents write it: words of different lengths, few of them often and most of them
 * seldom (Zipf), so that an index of words has as much to hold as it would in earnest. The same for the
 * same number.
 *
 * @param bytes how long it is, exactly; all of it ASCII
 */
export const proseOf = (number: number, bytes: number): string => {
  const next = randomFrom(number + 1);
  let text = '';
  while (text.length < bytes) text += `${words[Math.floor(words.length ** next()) - 1]} `;
  return text
    .slice(0, bytes - 1)
    .trimEnd()
    .padEnd(bytes, '.');
};

/** Numbers from 0 up to 1, by the generator of Park and Miller. */
const randomFrom = (seed: number): (() => number) => {
  let at = (seed * 48_271) % 2_147_483_647;
  return () => {
    at = (at * 48_271) % 2_147_483_647;
    return at / 2_147_483_647;
  };
};

const syllables = 'ta re si mo ne lu ka di or en al is ver con per tion'.split(' ');

/** 10,000 words of two to eleven letters, short ones first. */
const words: readonly string[] = Array.from({ length: 10_000 }, (_, index) => {
  let word = '';
  for (let rest = index + 4; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length];
  return word;
});

/** How many bytes {@link writeVarint} takes for a whole number that is not negative. */
export const varintSize = (value: number): number => {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = Math.floor(value / 0x800000000); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
};

/**
 * Writes a number, seven bits to a byte, the lowest first: as protobuf does, and blocks of packed entries.
 *
 * @returns where the next byte goes
 */
export const writeVarint = (target: Buffer, offset: number, value: number): number => {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
  }
  target[at++] = rest;
  return at;
};

/** Reads numbers that {@link writeVarint} wrote, one after another. */
export class Varints {
  readonly #bytes: Buffer;

  constructor(
    bytes: Buffer,
    /** Where the next one begins. */
    public at: number,
  ) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

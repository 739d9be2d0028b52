/** How many bytes {@link writeVarint} takes for a number from 0 to 2^32 - 1. */
export const varintSize = (value: number): number => {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
};

/** Writes a number, seven bits to a byte, the lowest first. @returns where the next byte goes */
export const writeVarint = (target: Buffer, offset: number, value: number): number => {
  let at = offset;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest % 0x80) | 0x80;
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

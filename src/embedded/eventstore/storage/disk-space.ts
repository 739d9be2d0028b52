import { statfs } from 'node:fs/promises';

const mib = 1024 * 1024;
const checkEveryMs = 1_000;

/** The disk is nearly full: reads go on, appends are refused until there is room again. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';

  constructor(free: number, wanted: number) {
    const [left, least] = [Math.max(0, free), wanted].map(
      (bytes) => `${Math.floor(bytes / mib)} MiB`,
    );
    super(`the disk is full: ${left} are left, and appends are refused below ${least}`);
  }
}

/** Keeps a reserve on the disk, so that what was accepted can always be finished. */
export class DiskSpace {
  readonly #folder: string;
  readonly #reserve: number;
  #checkedAt = 0;
  #free = 0;

  /** @param reserve bytes */
  constructor(folder: string, reserve: number) {
    this.#folder = folder;
    this.#reserve = reserve;
  }

  /**
   * To be called before writing.
   *
   * @param bytes about how many are to be written
   * @throws DiskFull
   */
  async claim(bytes: number): Promise<void> {
    this.#free -= bytes;
    const isOld = Date.now() - this.#checkedAt > checkEveryMs;
    // Near the reserve every claim looks at the disk, further away one a second is enough.
    if (isOld || this.#free < 2 * this.#reserve) {
      const { bavail, bsize } = await statfs(this.#folder);
      this.#checkedAt = Date.now();
      this.#free = bavail * bsize - bytes;
    }
    if (this.#free < this.#reserve) throw new DiskFull(this.#free, this.#reserve);
  }
}

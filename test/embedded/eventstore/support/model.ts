/** Where a model's writer takes the end of a stream to be. */
export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

/** What a write or read comes to: an error's type, or what it gives. */
export type Outcome =
  | Readonly<{ error: string; actual?: number }>
  | Readonly<{ last: number }>
  | Readonly<{ ids: readonly number[]; revisions: readonly number[] }>;

export type Metadata = Readonly<{ maxCount?: number; truncateBefore?: number }>;

const beyondAll = Number.POSITIVE_INFINITY;
const deletedError: Outcome = { error: 'stream-deleted' };

/**
 * One stream as EventStoreDB's rules have it, in the plainest way that can be written down: an array
 * of event ids and an array of metadata.
 */
export class StreamModel {
  readonly ids: number[] = [];
  readonly metadata: Metadata[] = [];
  isTombstoned = false;

  get last(): number {
    return this.ids.length - 1;
  }

  get settings(): Metadata {
    return this.metadata.at(-1) ?? {};
  }

  get isDeleted(): boolean {
    return this.settings.truncateBefore === beyondAll;
  }

  get firstVisible(): number {
    const { maxCount, truncateBefore = 0 } = this.settings;
    return Math.max(0, truncateBefore, maxCount === undefined ? 0 : this.ids.length - maxCount);
  }

  append(ids: readonly number[], expected: Expected): Outcome {
    if (this.isTombstoned) return deletedError;
    const wrong: Outcome = { error: 'wrong-expected-version', actual: this.last };
    if (expected === 'stream_exists') {
      if (this.isDeleted) return deletedError;
      if (this.last === -1 && this.metadata.length === 0) return wrong;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      const known = ids.map((id) => this.ids.lastIndexOf(id));
      if (known.length > 0 && known[0] !== -1)
        return known.includes(-1) ? wrong : { last: known.at(-1) ?? -1 };
    } else {
      const place = expected === 'no_stream' ? -1 : Number(expected);
      if (place > this.last) return wrong;
      if (place < this.last) {
        const isSame = ids.map((id, index) => this.ids[place + 1 + index] === id);
        if (ids.length > 0 && isSame.every(Boolean)) return { last: place + ids.length };
        const mayUndelete = ids.length > 0 && !isSame[0] && place === -1 && this.isDeleted;
        if (!mayUndelete) return wrong;
      }
    }
    if (ids.length > 0 && this.isDeleted)
      this.metadata.push({ ...this.settings, truncateBefore: this.ids.length });
    this.ids.push(...ids);
    return { last: this.last };
  }

  setMetadata(metadata: Metadata): Outcome {
    if (this.isTombstoned) return deletedError;
    const wasDeleted = this.isDeleted;
    this.metadata.push(metadata);
    if (wasDeleted) this.metadata.push({ ...metadata, truncateBefore: this.ids.length });
    return { last: 0 };
  }

  /** Checks what Delete and Tombstone both expect. */
  #refusal(expected: Expected): Outcome | undefined {
    if (this.isTombstoned) return deletedError;
    if (expected === 'any' || expected === 'stream_exists') return undefined;
    const place = expected === 'no_stream' ? -1 : Number(expected);
    if (place === this.last || (place === -1 && this.isDeleted)) return undefined;
    return { error: 'wrong-expected-version', actual: this.last };
  }

  delete(expected: Expected): Outcome {
    const refusal = this.#refusal(expected);
    if (refusal) return refusal;
    if (this.last === -1 && this.metadata.length === 0)
      return { error: 'wrong-expected-version', actual: -1 };
    this.metadata.push({ truncateBefore: beyondAll });
    return { last: 0 };
  }

  tombstone(expected: Expected): Outcome {
    const refusal = this.#refusal(expected);
    if (refusal) return refusal;
    this.isTombstoned = true;
    return { last: 0 };
  }

  read(from: number, isBackwards: boolean, count: number): Outcome {
    if (this.isTombstoned) return deletedError;
    if (this.last === -1 || this.isDeleted) return { error: 'stream-not-found' };
    const visible = [...this.ids.keys()].filter((revision) => revision >= this.firstVisible);
    const revisions = (
      isBackwards ? visible.filter((r) => r <= from).reverse() : visible.filter((r) => r >= from)
    ).slice(0, count);
    return { ids: revisions.map((r) => this.ids[r] ?? -1), revisions };
  }
}

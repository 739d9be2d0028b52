import { v4 as newId } from 'uuid';
import type { Store } from '../storage/store.js';
import type { WriteBatch } from '../storage/write-batch.js';
import type { Filter } from '../wire/read-request.js';
import { PersistentGroup } from './group.js';
import {
  allStreams,
  configStream,
  type GroupConfig,
  type GroupSettings,
  groupId,
} from './group-config.js';
import { appendKeepingTwo } from './group-storage.js';

const tickMs = 1_000;

/** All groups of the server. Each change is an event that holds the new state of all of them. */
export class Groups {
  readonly #store: Store;
  readonly #timer: NodeJS.Timeout;
  #groups = new Map<string, PersistentGroup>();
  #changing: Promise<unknown> = Promise.resolve();
  #tickedAt = Date.now();

  constructor(store: Store) {
    this.#store = store;
    this.#load();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  get(source: string, group: string): PersistentGroup | undefined {
    return this.#groups.get(groupId(source, group));
  }

  /** @param source only the groups of this stream, or of $all */
  list(source?: string): readonly PersistentGroup[] {
    const all = [...this.#groups.values()];
    return source === undefined ? all : all.filter(({ config }) => config.source === source);
  }

  /** @returns false when there is one already */
  create(
    source: string,
    group: string,
    settings: GroupSettings,
    filter?: Filter,
  ): Promise<boolean> {
    return this.#change(async () => {
      const id = groupId(source, group);
      if (this.#groups.has(id)) return false;
      const config = await this.#save(id, (batch) => ({
        source,
        group,
        settings,
        ...(filter && { filter }),
        start: startOf(batch, source, settings),
      }));
      if (config) this.#groups.set(id, new PersistentGroup(config, this.#store));
      return true;
    });
  }

  /** Gives a group new settings; its consumers have to connect anew. @returns false for no group */
  update(source: string, group: string, settings: GroupSettings): Promise<boolean> {
    return this.#change(async () => {
      const id = groupId(source, group);
      const before = this.#groups.get(id);
      if (!before) return false;
      const config = await this.#save(id, (batch) => ({
        ...before.config,
        settings,
        start: startOf(batch, source, settings),
      }));
      before.dropConsumers();
      if (config) this.#groups.set(id, new PersistentGroup(config, this.#store));
      return true;
    });
  }

  /** @returns false for no group */
  delete(source: string, group: string): Promise<boolean> {
    return this.#change(async () => {
      const id = groupId(source, group);
      const before = this.#groups.get(id);
      if (!before) return false;
      this.#groups.delete(id);
      await this.#save(id, () => undefined);
      before.dropConsumers();
      await before.storage.clear();
      return true;
    });
  }

  /** Drops all consumers and begins again from what is stored. */
  restart(): Promise<void> {
    return this.#change(async () => {
      for (const group of this.#groups.values()) group.dropConsumers();
      this.#groups = new Map();
      this.#load();
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #load(): void {
    const { reader } = this.#store;
    const limit = { events: 1, bytes: 1 };
    const [last] = reader.streamBackwards(configStream, Number.MAX_SAFE_INTEGER, limit).entries;
    if (!last) return;
    const { entries } = JSON.parse(last.data.toString()) as { entries: GroupConfig[] };
    for (const config of entries)
      this.#groups.set(
        groupId(config.source, config.group),
        new PersistentGroup(config, this.#store),
      );
  }

  /** Records all groups, with one of them made anew or left out. */
  #save(
    id: string,
    make: (batch: WriteBatch) => GroupConfig | undefined,
  ): Promise<GroupConfig | undefined> {
    return this.#store.writer.submit((batch) => {
      const config = make(batch);
      const others = [...this.#groups].filter(([other]) => other !== id);
      const entries = others.map(([, group]) => group.config);
      if (config) entries.push(config);
      const data = JSON.stringify({ version: 2, id: newId(), entries });
      appendKeepingTwo(batch, configStream, '$PersistentConfig', data);
      return config;
    });
  }

  // One change at a time: each rests on the one before.
  #change<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(change);
    this.#changing = result.catch(() => undefined);
    return result;
  }

  #tick(): void {
    const now = Date.now();
    const seconds = (now - this.#tickedAt) / 1000 || 1;
    this.#tickedAt = now;
    for (const group of this.#groups.values()) group.tick(now, seconds);
  }
}

// The end is the end before the event that records the group.
const startOf = (batch: WriteBatch, source: string, { startFrom }: GroupSettings): number => {
  if (startFrom === 'start') return 0;
  if (startFrom !== 'end') return startFrom;
  return source === allStreams ? batch.nextPosition : batch.lastRevision(source) + 1;
};

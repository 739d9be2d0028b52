import { encodeRecorded, type ProposedEvent, tombstoneRevision } from '../wire/recorded-event.js';
import type { EventIndex } from './event-index.js';
import type { EventLog } from './event-log.js';
import { LogEntry } from './log-entry.js';
import { isMetastream, metastreamOf, originalOf, type StreamHead } from './stream-head.js';
import { noSettings, parseSettings, type StreamSettings } from './stream-settings.js';

type Pending = { head: StreamHead; first: number; events: LogEntry[]; ids: Map<string, number> };

/**
 * The events of one commit in the making, laid over what is committed: decisions see the events of
 * the decisions before them. Thrown away as it is when the commit fails.
 */
export class WriteBatch {
  readonly entries: LogEntry[] = [];
  readonly #pending = new Map<string, Pending>();

  constructor(
    readonly log: EventLog,
    readonly index: EventIndex,
    /** Milliseconds since 1970. */
    readonly now: number,
  ) {}

  /** The position that the next event gets. */
  get nextPosition(): number {
    return this.log.lastPosition + this.entries.length + 1;
  }

  head(stream: string): StreamHead | undefined {
    return this.#pending.get(stream)?.head ?? this.index.head(stream);
  }

  /** The newest revision; -1 for a stream without events. */
  lastRevision(stream: string): number {
    return this.head(stream)?.lastRevision ?? -1;
  }

  /** A metastream ends with its stream. */
  isTombstoned(stream: string): boolean {
    if (this.head(stream)?.isTombstoned) return true;
    return isMetastream(stream) && this.isTombstoned(originalOf(stream));
  }

  settings(stream: string): StreamSettings {
    if (isMetastream(stream)) return noSettings;
    const metadata = this.last(metastreamOf(stream));
    return metadata ? parseSettings(metadata.data) : noSettings;
  }

  /** What the metadata event at a revision of a metastream said. */
  settingsAt(metastream: string, revision: number): StreamSettings {
    const metadata = this.at(metastream, revision);
    return metadata ? parseSettings(metadata.data) : noSettings;
  }

  /** The newest event of a stream. */
  last(stream: string): LogEntry | undefined {
    const head = this.head(stream);
    return head && this.#entry(head.lastPosition);
  }

  at(stream: string, revision: number): LogEntry | undefined {
    const pending = this.#pending.get(stream);
    if (pending && revision >= pending.first) return pending.events[revision - pending.first];
    const [position] = this.index.positions(stream, revision, 1);
    return position === undefined ? undefined : this.log.get(position);
  }

  /** The revision of the newest event of a stream that has the id. */
  revisionOf(stream: string, id: string): number | undefined {
    return this.#pending.get(stream)?.ids.get(id) ?? this.index.revisionOf(stream, id);
  }

  /** Adds an event to the end of a stream. */
  add(stream: string, event: ProposedEvent): LogEntry {
    return this.#append(stream, event, false);
  }

  /** Adds the event after which a stream takes no others. */
  addTombstone(stream: string, event: ProposedEvent): LogEntry {
    return this.#append(stream, event, true);
  }

  #append(stream: string, event: ProposedEvent, isTombstoned: boolean): LogEntry {
    const before = this.head(stream);
    const revision = (before?.lastRevision ?? -1) + 1;
    const position = this.nextPosition;
    const place = {
      stream,
      revision: isTombstoned ? tombstoneRevision : revision,
      position,
      created: this.now,
      type: event.type,
    };
    const entry = new LogEntry(position, encodeRecorded(event, place), place);
    this.entries.push(entry);
    let pending = this.#pending.get(stream);
    const head = {
      number: before?.number ?? 0,
      lastRevision: revision,
      lastPosition: position,
      isTombstoned,
    };
    if (pending) pending.head = head;
    else {
      pending = { head, first: revision, events: [], ids: new Map() };
      this.#pending.set(stream, pending);
    }
    pending.events.push(entry);
    pending.ids.set(event.id, revision);
    return entry;
  }

  #entry(position: number): LogEntry | undefined {
    return this.entries[position - this.log.lastPosition - 1] ?? this.log.get(position);
  }
}

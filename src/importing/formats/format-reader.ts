import type { JsonObject, JsonValue } from '../../domain/json.js';
import { compact } from '../json.js';
import type { Notes } from '../notes.js';
import type { RecordedOutcome, RunContent } from '../recorded-run.js';

/** How one format is told from the others and read. Readers are pure. */
export type FormatReader = Readonly<{
  /** Whether the value looks like a run of this format; a look at the outermost fields is enough. */
  recognises: (value: JsonValue) => boolean;
  /**
   * @param name what the file is called, for a title where the content gives none
   * @param notes takes every trap met
   * @throws UnreadableRecording when the value is not a run of this format
   */
  read: (value: JsonValue, name: string | undefined, notes: Notes) => RunContent;
  /** The part of the value that makes it the same run; all of it when absent. */
  identity?: (value: JsonValue) => JsonValue;
}>;

/** The part of a run's metadata that says where it comes from. A file's folders are its owner's business. */
export const recordingMetadata = (format: string, name: string | undefined): JsonObject => ({
  recording: compact({ format, file: name?.replace(folders, '').slice(0, 255) }),
});

const folders = /^.*[\\/]/s;

/** The status a run's outcome leaves its session in. */
export const sessionStatusAfter = ({ status }: RecordedOutcome) =>
  status === 'completed' || status === 'failed' ? status : 'active';

/** A title from a file's name: without folders and endings; undefined when nothing is left. */
export const titleOfFile = (name: string | undefined): string | undefined =>
  name
    ?.replace(folders, '')
    .replace(/(\.(gz|jsonl?|traj|ndjson))+$/i, '')
    .trim() || undefined;

import { InvalidArgumentError } from 'commander';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const named = /^[a-z]+-[\w.:-]+$/;

/** A place in a stream; without a revision, its head. */
export type StreamReference = Readonly<{ stream: string; revision?: number }>;

/** A stream as users name it: `session-…`, `execution-…`, or a UUID alone, which is a session's. */
export const streamArgument = (text: string): string => {
  // Names of streams have UUIDs in lower case, which others write in upper case.
  if (uuid.test(text)) return `session-${text.toLowerCase()}`;
  if (named.test(text)) return text;
  throw new InvalidArgumentError('Expected a stream, such as session-<uuid> or execution-<uuid>.');
};

/** `<stream>@<revision>`, or a stream alone. */
export const referenceArgument = (text: string): StreamReference => {
  const at = text.lastIndexOf('@');
  if (at < 0) return { stream: streamArgument(text) };
  return {
    stream: streamArgument(text.slice(0, at)),
    revision: revisionArgument(text.slice(at + 1)),
  };
};

/** `<stream>@<revision>`, nothing less. */
export const placeArgument = (text: string): Required<StreamReference> => {
  const { stream, revision } = referenceArgument(text);
  if (revision === undefined)
    throw new InvalidArgumentError('Expected <stream>@<revision>, such as session-<uuid>@12.');
  return { stream, revision };
};

/** A session's id, with or without `session-` before it. */
export const sessionArgument = (text: string): string =>
  expectSession(streamArgument(text)).slice('session-'.length);

/** A session, or a place in one. */
export const sessionPlaceArgument = (text: string): StreamReference => {
  const place = referenceArgument(text);
  expectSession(place.stream);
  return place;
};

const expectSession = (stream: string): string => {
  if (!stream.startsWith('session-'))
    throw new InvalidArgumentError('Expected a session, such as session-<uuid>.');
  return stream;
};

/** A revision: a whole number from 0. */
export const revisionArgument = (text: string): number => {
  const revision = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision))
    throw new InvalidArgumentError('Expected a revision: a whole number from 0.');
  return revision;
};

/** The link to a place in a stream, as it is written on a command line. */
export const linkTo = (stream: string, revision: number): string => `${stream}@${revision}`;

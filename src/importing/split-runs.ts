import { type ByteCursor, byteCursor, isSpace } from './byte-cursor.js';
import { UnreadableRecording } from './unreadable-recording.js';

/** The most one run may take up, unpacked: it is parsed in memory, in one go. */
export const MAX_RUN_BYTES = 128 * 1024 * 1024;

/**
 * A part of a file that is parsed on its own: the file's one object (`cutOff` when the file ends
 * inside it), an element of the file's one array, or a line of JSONL.
 */
export type Piece = Readonly<{
  kind: 'document' | 'element' | 'line';
  json: Buffer;
  /** An element's index, counted from 0; a line's number, counted from 1. */
  number: number;
  cutOff?: true;
}>;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// A byte order mark is not white space to JSON, but some editors write one.
const isSpaceOrMark = (byte: number) =>
  isSpace(byte) || byte === 0xef || byte === 0xbb || byte === 0xbf;

/**
 * Cuts JSON or JSONL into the parts that are parsed one by one, and holds no more than one of them.
 * It looks at brackets, strings and line ends only: whether a part is JSON is for its parser to say.
 *
 * A first value on one line with more after it makes the file JSONL. From there on lines are the
 * borders, whatever is in them, so that a broken line costs itself alone.
 *
 * @throws UnreadableRecording when an array does not end, when something follows the end of a file
 *   that is not JSONL, and for a part of more than {@link MAX_RUN_BYTES}
 */
export async function* splitRuns(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const input = byteCursor(chunks);
    await input.skipWhile(isSpaceOrMark);
    const first = await input.peek();
    if (first === OPEN_LIST) yield* fromList(input);
    else if (first === OPEN_OBJECT) yield* fromObject(input);
    else yield* fromLines(input);
  } finally {
    await chunks.return?.();
  }
}

async function* fromList(input: ByteCursor): AsyncGenerator<Piece> {
  const linesBefore = input.lines();
  input.skip();
  for (let number = 0; ; number++) {
    const json = await input.takeWhile(insideElement(), MAX_RUN_BYTES);
    const border = await input.peek();
    if (border === undefined)
      throw new UnreadableRecording('the file ends inside the array', `[${number}]`);
    const isEmptyList = border !== COMMA && number === 0 && json.every(isSpace);
    if (!isEmptyList) yield { kind: 'element', json, number };
    if (border === CLOSE_OBJECT)
      throw new UnreadableRecording('the array is closed by a brace', `[${number}]`);
    input.skip();
    if (border === CLOSE_LIST) break;
  }
  if (await isFollowed(input, linesBefore)) yield* fromLines(input);
}

async function* fromObject(input: ByteCursor): AsyncGenerator<Piece> {
  const linesBefore = input.lines();
  const value = wholeValue();
  const json = await input.takeWhile(value.goesOn, MAX_RUN_BYTES);
  if (!value.isWhole() && (await input.peek()) === undefined) {
    yield { kind: 'document', json, number: 0, cutOff: true };
  } else if (value.isWhole() ? await isFollowed(input, linesBefore) : isOnOneLine(json)) {
    yield { kind: 'line', json, number: linesBefore + 1 };
    yield* fromLines(input);
  } else yield { kind: 'document', json, number: 0 };
}

const isOnOneLine = (json: Buffer): boolean => !json.includes(LINE_FEED);

async function* fromLines(input: ByteCursor): AsyncGenerator<Piece> {
  while ((await input.peek()) !== undefined) {
    const number = input.lines() + 1;
    const json = await input.takeWhile((byte) => byte !== LINE_FEED, MAX_RUN_BYTES);
    if ((await input.peek()) !== undefined) input.skip();
    if (!json.every(isSpace)) yield { kind: 'line', json, number };
  }
}

const isFollowed = async (input: ByteCursor, linesBefore: number): Promise<boolean> => {
  const fitsOnALine = input.lines() === linesBefore;
  await input.skipWhile(isSpace);
  if ((await input.peek()) === undefined) return false;
  if (fitsOnALine) return true;
  throw new UnreadableRecording('something follows the end', `line ${input.lines() + 1}`);
};

const nesting = () => {
  let depth = 0;
  let inString = false;
  let escaped = false;
  return {
    isInString: () => inString,
    /** How deep in brackets a byte stands, itself included; what is in a string stands one deeper. */
    depthOf: (byte: number): number => {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        return depth + 1;
      }
      if (byte === QUOTE) {
        inString = true;
        return depth + 1;
      }
      if (byte === OPEN_LIST || byte === OPEN_OBJECT) return ++depth;
      if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) return depth--;
      return depth;
    },
  };
};

const insideElement = () => {
  const { depthOf } = nesting();
  return (byte: number): boolean => {
    const depth = depthOf(byte);
    return depth > 0 || !(byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT);
  };
};

// Goes on to the last bracket, or to a line end in a string, which JSON does not allow: what comes
// after it is another line.
const wholeValue = () => {
  const { depthOf, isInString } = nesting();
  let isWhole = false;
  return {
    goesOn: (byte: number): boolean => {
      if (isWhole || (byte === LINE_FEED && isInString())) return false;
      const isClosing = byte === CLOSE_LIST || byte === CLOSE_OBJECT;
      isWhole = depthOf(byte) === 1 && isClosing;
      return true;
    },
    isWhole: () => isWhole,
  };
};

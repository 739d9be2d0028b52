import { type ByteCursor, byteCursor, isSpace } from './byte-cursor.js';
import { UnreadableRecording } from './unreadable-recording.js';

/** The most one run may take up, unpacked: it is parsed in memory, in one go. */
export const maxRunBytes = 128 * 1024 * 1024;

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

const lineFeed = 0x0a;
const quote = 0x22;
const comma = 0x2c;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

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
 *   that is not JSONL, and for a part of more than {@link maxRunBytes}
 */
export async function* splitRuns(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const input = byteCursor(chunks);
    await input.skipWhile(isSpaceOrMark);
    const first = await input.peek();
    if (first === openList) yield* fromList(input);
    else if (first === openObject) yield* fromObject(input);
    else yield* fromLines(input);
  } finally {
    await chunks.return?.();
  }
}

async function* fromList(input: ByteCursor): AsyncGenerator<Piece> {
  const linesBefore = input.lines();
  input.skip();
  for (let number = 0; ; number++) {
    const json = await input.takeWhile(insideElement(), maxRunBytes);
    const border = await input.peek();
    if (border === undefined)
      throw new UnreadableRecording('the file ends inside the array', `[${number}]`);
    const isEmptyList = border !== comma && number === 0 && json.every(isSpace);
    if (!isEmptyList) yield { kind: 'element', json, number };
    if (border === closeObject)
      throw new UnreadableRecording('the array is closed by a brace', `[${number}]`);
    input.skip();
    if (border === closeList) break;
  }
  if (await isFollowed(input, linesBefore)) yield* fromLines(input);
}

async function* fromObject(input: ByteCursor): AsyncGenerator<Piece> {
  const linesBefore = input.lines();
  const value = wholeValue();
  const json = await input.takeWhile(value.goesOn, maxRunBytes);
  if (!value.isWhole() && (await input.peek()) === undefined) {
    yield { kind: 'document', json, number: 0, cutOff: true };
  } else if (value.isWhole() ? await isFollowed(input, linesBefore) : isOnOneLine(json)) {
    yield { kind: 'line', json, number: linesBefore + 1 };
    yield* fromLines(input);
  } else yield { kind: 'document', json, number: 0 };
}

const isOnOneLine = (json: Buffer): boolean => !json.includes(lineFeed);

async function* fromLines(input: ByteCursor): AsyncGenerator<Piece> {
  while ((await input.peek()) !== undefined) {
    const number = input.lines() + 1;
    const json = await input.takeWhile((byte) => byte !== lineFeed, maxRunBytes);
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
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        return depth + 1;
      }
      if (byte === quote) {
        inString = true;
        return depth + 1;
      }
      if (byte === openList || byte === openObject) return ++depth;
      if (byte === closeList || byte === closeObject) return depth--;
      return depth;
    },
  };
};

const insideElement = () => {
  const { depthOf } = nesting();
  return (byte: number): boolean => {
    const depth = depthOf(byte);
    return depth > 0 || !(byte === comma || byte === closeList || byte === closeObject);
  };
};

// Goes on to the last bracket, or to a line end in a string, which JSON does not allow: what comes
// after it is another line.
const wholeValue = () => {
  const { depthOf, isInString } = nesting();
  let isWhole = false;
  return {
    goesOn: (byte: number): boolean => {
      if (isWhole || (byte === lineFeed && isInString())) return false;
      const isClosing = byte === closeList || byte === closeObject;
      isWhole = depthOf(byte) === 1 && isClosing;
      return true;
    },
    isWhole: () => isWhole,
  };
};

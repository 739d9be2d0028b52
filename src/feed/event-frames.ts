import type { FeedEvent } from './feed-event.js';
import { perEvent } from './per-event.js';

/** Bytes to be sent one after another: more than one of what is large. They are shared: nobody may change them. */
export type Bytes = readonly Buffer[];

/** A message to be sent. Frames are shared: whoever holds several in a row holds the first and the last. */
export type Frame = Readonly<{
  bytes: Bytes;
  /** How many bytes that is. */
  length: number;
  /** The frame that was made next for the same subscription id, once there is one. */
  following: Frame | undefined;
}>;

/**
 * Makes WebSocket frames of events, for subscriptions of any connection. Those with the same id get
 * the same frame of an event, and of a large event everyone gets the same bytes.
 */
export type EventFrames = (head: FrameHead, event: FeedEvent) => Frame;

/** What stands before the event in the messages of a subscription, see {@link frameHead}. */
export type FrameHead = Readonly<{ text: string; length: number }>;

/** What stands before the event in the messages of a subscription, as text and its length in bytes of UTF-8. */
export const frameHead = (id: string): FrameHead => {
  const text = `{"op":"event","id":${JSON.stringify(id)},"event":`;
  return { text, length: Buffer.byteLength(text) };
};

const TAIL = Buffer.from('}');
// From here on it costs less to send an event in parts than to copy it for each id.
const LARGE = 16 * 1024;
// Events mostly go to few ids, or else to as many ids as there are clients: those gain nothing.
const MOST_IDS = 64;

type Made = { -readonly [Key in keyof Frame]: Frame[Key] };

/** Makes frames for all connections of a process, remembering those it made last. */
export const eventFrames = (): EventFrames => {
  /** The frame that was made last for each id. */
  const latest = new Map<string, Made>();
  const madeOf = perEvent(() => {
    if (latest.size === MOST_IDS) latest.clear();
    return new Map<string, Frame>();
  });

  return (head, event) => {
    const made = madeOf(event);
    const before = made.get(head.text);
    if (before) return before;
    const frame = frameOf(head, event);
    const previous = latest.get(head.text);
    if (previous) previous.following = frame;
    if (previous || latest.size < MOST_IDS) latest.set(head.text, frame);
    if (made.size < MOST_IDS) made.set(head.text, frame);
    return frame;
  };
};

/** A frame of bytes that are to be sent, with no other to follow it. */
export const frameAround = (bytes: Bytes): Frame => ({
  bytes,
  length: bytes.reduce((sum, { length }) => sum + length, 0),
  following: undefined,
});

const frameOf = ({ text, length }: FrameHead, { json }: FeedEvent): Frame => {
  const payload = length + json.length + TAIL.length;
  const start = startOfFrame(payload);
  const inParts = json.length >= LARGE;
  const frame = Buffer.allocUnsafe(start.length + length + (inParts ? 0 : json.length + 1));
  frame.set(start);
  frame.write(text, start.length);
  if (inParts) return frameAround([frame, json, TAIL]);
  frame.set(json, start.length + length);
  frame.set(TAIL, frame.length - 1);
  return frameAround([frame]);
};

const FINAL_TEXT = 0x81;

/** What begins a text frame of one piece from a server, which masks nothing (RFC 6455, 5.2). */
const startOfFrame = (payload: number): Buffer => {
  if (payload < 126) return Buffer.from([FINAL_TEXT, payload]);
  const isShort = payload <= 0xffff;
  const start = Buffer.alloc(isShort ? 4 : 10);
  start[0] = FINAL_TEXT;
  start[1] = isShort ? 126 : 127;
  start.writeUIntBE(payload, isShort ? 2 : 4, isShort ? 2 : 6);
  return start;
};

import { LRUCache } from 'lru-cache';
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

/** Makes WebSocket frames of events, for subscriptions of any connection. */
export type EventFrames = Readonly<{
  /** What stands before the event in the messages of a subscription: the same object for the same id, mostly. */
  headOf(id: string): FrameHead;
  /** The frame of an event: the same one for the same head; of a large event everyone gets the same bytes. */
  frame(head: FrameHead, event: FeedEvent): Frame;
}>;

/** The beginning of a message, as text and its length in bytes of UTF-8. */
export type FrameHead = Readonly<{ text: string; length: number }>;

const tail = Buffer.from('}');
// From here on it costs less to send an event in parts than to copy it for each id.
const large = 16 * 1024;
// Events mostly go to few ids, or else to as many ids as there are clients: those gain nothing.
const mostIds = 64;
// Of so many ids, those asked for last.
const mostHeads = 1_024;

type Made = { -readonly [Key in keyof Frame]: Frame[Key] };

/** Makes frames for all connections of a process, remembering those it made last. */
export const eventFrames = (): EventFrames => {
  const heads = new LRUCache<string, FrameHead>({ max: mostHeads });
  /** The frame that was made last for each head. */
  const latest = new Map<FrameHead, Made>();
  const madeOf = perEvent(() => {
    if (latest.size === mostIds) latest.clear();
    return new Map<FrameHead, Frame>();
  });

  return {
    headOf: (id) => {
      const known = heads.get(id);
      if (known) return known;
      const head = headFor(id);
      heads.set(id, head);
      return head;
    },
    frame: (head, event) => {
      const made = madeOf(event);
      const before = made.get(head);
      if (before) return before;
      const frame = frameOf(head, event);
      const previous = latest.get(head);
      if (previous) previous.following = frame;
      if (previous || latest.size < mostIds) latest.set(head, frame);
      if (made.size < mostIds) made.set(head, frame);
      return frame;
    },
  };
};

const headFor = (id: string): FrameHead => {
  const text = `{"op":"event","id":${JSON.stringify(id)},"event":`;
  return { text, length: Buffer.byteLength(text) };
};

/** A frame of bytes that are to be sent, with no other to follow it. */
export const frameAround = (bytes: Bytes): Frame => ({
  bytes,
  length: bytes.reduce((sum, { length }) => sum + length, 0),
  following: undefined,
});

const frameOf = ({ text, length }: FrameHead, { json }: FeedEvent): Frame => {
  const payload = length + json.length + tail.length;
  const start = startOfFrame(payload);
  const inParts = json.length >= large;
  const frame = Buffer.allocUnsafe(start.length + length + (inParts ? 0 : json.length + 1));
  frame.set(start);
  frame.write(text, start.length);
  if (inParts) return frameAround([frame, json, tail]);
  frame.set(json, start.length + length);
  frame.set(tail, frame.length - 1);
  return frameAround([frame]);
};

const finalText = 0x81;

/** What begins a text frame of one piece from a server, which masks nothing (RFC 6455, 5.2). */
const startOfFrame = (payload: number): Buffer => {
  if (payload < 126) return Buffer.from([finalText, payload]);
  const isShort = payload <= 0xffff;
  const start = Buffer.alloc(isShort ? 4 : 10);
  start[0] = finalText;
  start[1] = isShort ? 126 : 127;
  start.writeUIntBE(payload, isShort ? 2 : 4, isShort ? 2 : 6);
  return start;
};

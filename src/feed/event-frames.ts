import type { FeedEvent } from './feed-event.js';

/** Bytes to be sent one after another: more than one of what is large. They are shared: nobody may change them. */
export type Bytes = readonly Buffer[];

/**
 * Makes WebSocket frames of events, for subscriptions of any connection. Those with the same id get
 * the same bytes of an event, and of a large event everyone does.
 */
export type EventFrames = (head: FrameHead, event: FeedEvent) => Bytes;

/** What stands before the event in the messages of a subscription, see {@link frameHead}. */
export type FrameHead = Readonly<{ text: string; length: number }>;

export const frameHead = (id: string): FrameHead => {
  const text = `{"op":"event","id":${JSON.stringify(id)},"event":`;
  return { text, length: Buffer.byteLength(text) };
};

const TAIL = Buffer.from('}');
// From here on it costs less to send an event in parts than to copy it for each id.
const LARGE = 16 * 1024;
// Events mostly go to few ids, or else to as many ids as there are clients: those gain nothing.
const MOST_REMEMBERED = 64;

export const eventFrames = (): EventFrames => {
  const frames = new Map<string, Bytes>();
  let latest: FeedEvent | undefined;
  return (head, event) => {
    if (event !== latest) {
      frames.clear();
      latest = event;
    }
    const known = frames.get(head.text);
    if (known) return known;
    const made = frameOf(head, event);
    if (frames.size < MOST_REMEMBERED) frames.set(head.text, made);
    return made;
  };
};

const frameOf = ({ text, length }: FrameHead, { json }: FeedEvent): Bytes => {
  const payload = length + json.length + TAIL.length;
  const start = startOfFrame(payload);
  const inParts = json.length >= LARGE;
  const frame = Buffer.allocUnsafe(start.length + length + (inParts ? 0 : json.length + 1));
  frame.set(start);
  frame.write(text, start.length);
  if (inParts) return [frame, json, TAIL];
  frame.set(json, start.length + length);
  frame.set(TAIL, frame.length - 1);
  return [frame];
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

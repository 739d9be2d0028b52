import fc from 'fast-check';
import { hostile, hostileText } from './random-values.js';

const id = fc.constantFrom('a', 'b', 'c', '', 'x'.repeat(129));
const position = fc.oneof(fc.constantFrom('now', '0', '5', '9007199254740993', '-1'), hostile);
const names = fc.array(fc.oneof(fc.constantFrom('session', 'chat.*', '$all', '*'), hostileText), {
  maxLength: 3,
});
const filter = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      { categories: names, streams: names, types: names, topics: names, sessionId: hostileText },
      { requiredKeys: [] },
    ),
  },
  hostile,
);

const message = fc.oneof(
  fc.record({ op: fc.constant('subscribe'), id, filter, from: position }, { requiredKeys: ['op'] }),
  fc.record({ op: fc.constant('unsubscribe'), id, more: hostile }, { requiredKeys: ['op', 'id'] }),
  fc.record({ op: fc.constant('ack'), id, position }, { requiredKeys: ['op', 'id'] }),
  fc.record({ op: fc.oneof(hostileText, hostile) }),
);

/** What a client of the feed may send: messages, what is nearly one, and what is none. */
export const randomFrames: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: message.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.constant('{"op":"ping"}') },
  { weight: 2, arbitrary: hostile.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('['.repeat(30_000), `{"op":"ping","a":"${'x'.repeat(70_000)}"}`),
  },
);

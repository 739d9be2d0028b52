import fc from 'fast-check';

/** Text that some program somewhere takes for more than text. */
export const hostileText = fc.constantFrom(
  '',
  ' ',
  '\0',
  '..',
  '%',
  '$all',
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '{"$gt":""}',
  '9007199254740993',
  '-1',
  'NaN',
  '\u202e🚀',
  'x'.repeat(400),
  '2026-13-45T99:99:99Z',
  '2026-01-01T00:00:00Z',
);

/** Values of any sort. */
export const hostile = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  hostileText,
  fc.constantFrom(-1, 0.5, 1e308, 2 ** 53, -0, true, false, null),
  fc.constantFrom([], {}, [[]], { $set: { a: 1 } }, JSON.parse('{"__proto__":1}'), {
    _bsontype: 'Long',
  }),
);

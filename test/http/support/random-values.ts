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

/** Values that mostly fit, by the names of fields. */
export const fitting: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  title: fc.string(),
  mode: fc.constantFrom('interactive', 'background'),
  metadata: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
  archived: fc.boolean(),
  reason: fc.string(),
  fork: fc.boolean(),
  status: fc.constantFrom('active', 'processing', 'completed', 'failed', 'paused', 'running'),
  role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
  content: fc.oneof(fc.string(), fc.array(fc.dictionary(fc.string(), fc.jsonValue()))),
  name: fc.string(),
  input: fc.jsonValue(),
  agent: fc.string({ minLength: 1 }),
  stage: fc.string({ minLength: 1 }),
  stageOrder: fc.nat(9),
  state: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
  outputs: fc.jsonValue(),
  output: fc.jsonValue(),
  error: fc.string(),
  at: fc.nat(5),
  amendments: fc.array(
    fc.record(
      {
        type: fc.constantFrom('PostMessage', 'ChangeSession', 'SaveCheckpoint', 'ResumeSession'),
        role: fc.constant('user'),
        content: fc.string(),
        title: fc.string(),
      },
      { requiredKeys: ['type'] },
    ),
    { maxLength: 3 },
  ),
};

/** The fields that an endpoint takes, by the end of its path. */
export const fieldsOf: readonly (readonly [end: RegExp, fields: readonly string[]])[] = [
  [/sessions$/, ['title', 'mode', 'metadata']],
  [/sessions\/:id$/, ['title', 'archived', 'metadata']],
  [/messages$/, ['role', 'content', 'name', 'metadata']],
  [/messageId$/, ['content']],
  [/resume$/, ['fork', 'reason']],
  [/transitions$/, ['status', 'reason']],
  [/executions$/, ['input']],
  [/checkpoints$/, ['agent', 'stage', 'stageOrder', 'state', 'outputs']],
  [/complete$/, ['output']],
  [/fail$/, ['error']],
  [/forks$/, ['at', 'amendments', 'reason']],
  [/(pause|terminate|cancel)$/, ['reason']],
];

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonView, shortened } from '../../src/cli/json-view.js';
import { plain } from '../../src/cli/terminal.js';
import type { JsonValue } from '../../src/client/client.js';

describe('JSON for people', () => {
  it('goes on one line where it is short, and is indented where it is long', () => {
    const value = {
      status: 'running',
      stages: [
        { name: 'plan', agent: 'planner', notes: 'so that two of these do not fit' },
        { name: 'code', agent: 'coder' },
      ],
      none: {},
      list: [],
    };
    expect(jsonView(value, plain).split('\n')).toEqual([
      '{',
      '  "status": "running",',
      '  "stages": [',
      '    {',
      '      "name": "plan",',
      '      "agent": "planner",',
      '      "notes": "so that two of these do not fit"',
      '    },',
      '    { "name": "code", "agent": "coder" }',
      '  ],',
      '  "none": {},',
      '  "list": []',
      '}',
    ]);
  });

  it('is the same value, whatever the value', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as JsonValue;
        expect(JSON.parse(jsonView(json, plain))).toEqual(json);
      }),
    ));

  it('colours keys, texts and other values, and nothing inside texts', () => {
    const marked = jsonView(
      { 'a"b': 'x: 1, true', n: -1.5e3, t: true, z: null },
      (style, text) => `${style[0]}(${text})`,
    );
    expect(marked).toBe(
      '{ c("a\\"b"): g("x: 1, true"), c("n"): y(-1500), c("t"): y(true), c("z"): y(null) }',
    );
  });

  it('has its long texts cut, saying by how much', () => {
    expect(shortened({ a: ['12345', { b: '1234567' }], c: 7 }, 5)).toEqual({
      a: ['12345', { b: '12345… (2 more characters)' }],
      c: 7,
    });
  });
});

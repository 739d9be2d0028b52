import { describe, expect, it } from '@jest/globals';
import { given, withFields } from '../src/fields.js';

describe('withFields', () => {
  it('adds and changes fields, as spreading them does, in their order', () => {
    const base = { a: 1, b: 'x' };
    const made = withFields(base, { b: 'y', c: true }, { c: false });
    expect(Object.entries(made)).toEqual(Object.entries({ ...base, b: 'y', c: false }));
  });

  it('leaves what it was made of as it was', () => {
    const base: Readonly<{ a: number }> = Object.freeze({ a: 1 });
    expect(withFields(base, { a: 2 })).toEqual({ a: 2 });
    expect(base).toEqual({ a: 1 });
  });

  it('copies what a getter gives', () => {
    let asked = 0;
    const base = {
      get a() {
        asked += 1;
        return asked;
      },
    };
    const made = withFields(base, { b: 0 });
    expect([made.a, made.a]).toEqual([1, 1]);
  });

  it('has no field changed to another type', () => {
    // @ts-expect-error a is a number
    expect(withFields({ a: 1 }, { a: 'x' })).toEqual({ a: 'x' });
  });
});

describe('given', () => {
  it('leaves out what is undefined, and nothing else', () => {
    const fields = { a: undefined, b: null, c: 0, d: '', e: false };
    expect(Object.entries(given(fields))).toEqual(
      Object.entries({ b: null, c: 0, d: '', e: false }),
    );
  });
});

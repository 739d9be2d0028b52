import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign, assignmentArgument } from '../../src/cli/assignment.js';
import type { JsonObject } from '../../src/client/client.js';

const set = (document: JsonObject, ...assignments: readonly string[]): JsonObject =>
  assignments
    .reduce<ReturnType<typeof assignmentArgument>>(
      (before, argument) => assignmentArgument(argument, before),
      [],
    )
    .reduce(assign, document);

describe('--set path=value', () => {
  it('puts JSON where the path leads, and text where the value is none', () => {
    expect(set({ plan: { model: 'large', tries: 1 } }, 'plan.model=small', 'plan.tries=2')).toEqual(
      {
        plan: { model: 'small', tries: 2 },
      },
    );
    expect(set({}, 'a={"b":[1]}', 'c=', 'd=x=y', 'e="12"')).toEqual({
      ...{ a: { b: [1] }, c: '', d: 'x=y', e: '12' },
    });
  });

  it('takes a JSON pointer for keys that have dots', () => {
    expect(set({ 'a.b': { 'c/d': 1 } }, '/a.b/c~1d=2')).toEqual({ 'a.b': { 'c/d': 2 } });
  });

  it('makes what is missing on the way, and adds to lists', () => {
    expect(set({ list: [{ n: 1 }] }, 'list.0.n=2', 'list.-=new', 'list.2=last', 'x.y.z=1')).toEqual(
      {
        list: [{ n: 2 }, 'new', 'last'],
        x: { y: { z: 1 } },
      },
    );
  });

  it('leaves the document as it was', () => {
    const document = { a: { b: [1, 2] } };
    set(document, 'a.b.0=9');
    expect(document).toEqual({ a: { b: [1, 2] } });
  });

  it('never touches the prototype', () => {
    const changed = set({}, '__proto__.polluted=true', 'constructor.prototype.polluted=true');
    expect(({} as JsonObject).polluted).toBeUndefined();
    expect(Object.keys(changed)).toEqual(['__proto__', 'constructor']);
  });

  it('sets what a pointer then reads, whatever the keys', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
        fc.string(),
        (keys, text) => {
          const pointer = keys
            .map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
            .join('');
          // The first equals sign ends the path: keys with one cannot be named.
          fc.pre(!pointer.includes('='));
          let found: unknown = set({}, `${pointer}=${JSON.stringify(text)}`);
          for (const key of keys)
            found = Object.entries(found as object).find(([k]) => k === key)?.[1];
          expect(found).toBe(text);
        },
      ),
    ));

  it('is refused without a path', () => {
    for (const argument of ['', '=1', 'a', 'a..b=1', '.a=1', '/=1'])
      expect(() => assignmentArgument(argument)).toThrow('Expected path=value');
  });

  it('says where there is nothing to set', () => {
    expect(() => set({ step: 3 }, 'step.x=1')).toThrow('step is neither an object nor a list');
    expect(() => set({ a: [1] }, 'a.5=1')).toThrow('a.5: the list has 1 items');
    expect(() => set({ a: [1] }, 'a.first=1')).toThrow('a.first');
    expect(() => set({ a: null }, 'a.b=1')).toThrow('a is neither an object nor a list');
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  placeArgument,
  referenceArgument,
  sessionArgument,
  streamArgument,
} from '../../src/cli/stream-reference.js';

// Begins with letters, as the name of a category would.
const id = 'deadbeef-0000-7000-8000-000000000001';

describe('a stream on the command line', () => {
  it('is named in full, or by the id of a session', () => {
    expect(streamArgument(`execution-${id}`)).toBe(`execution-${id}`);
    expect(streamArgument(id)).toBe(`session-${id}`);
    expect(streamArgument(id.toUpperCase())).toBe(`session-${id}`);
  });

  it('may come with a revision', () => {
    expect(referenceArgument(`${id}@12`)).toEqual({ stream: `session-${id}`, revision: 12 });
    expect(referenceArgument(`task-${id}`)).toEqual({ stream: `task-${id}` });
    expect(placeArgument(`execution-${id}@0`)).toEqual({ stream: `execution-${id}`, revision: 0 });
  });

  it('is refused when it is none', () => {
    for (const text of ['', 'session', 'session-', 'Session-1', 'a b', '../x', '@3'])
      expect(() => streamArgument(text)).toThrow('Expected a stream');
    for (const text of [`${id}@`, `${id}@-1`, `${id}@1.5`, `${id}@head`, `${id}@99999999999999999`])
      expect(() => referenceArgument(text)).toThrow('Expected a revision');
    expect(() => placeArgument(id)).toThrow('Expected <stream>@<revision>');
  });

  it('is the session wanted, or none', () => {
    expect(sessionArgument(`session-${id}`)).toBe(id);
    expect(sessionArgument(id)).toBe(id);
    expect(() => sessionArgument(`execution-${id}`)).toThrow('Expected a session');
  });
});

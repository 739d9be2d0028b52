import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { forkline } from './cli.js';

const id = '00000000-0000-7000-8000-000000000001';
// Nobody listens there: what is refused as bad usage is refused before anybody is asked.
const nowhere = 'http://127.0.0.1:1';

describe('bad usage', () => {
  it.each([
    ['no command', [], 'Usage: forkline [options] [command]'],
    ['a command that is none', ['timelin'], 'Did you mean timeline?'],
    ['an option that is none', ['lineage', id, '--al'], 'Usage: forkline lineage'],
    ['a missing argument', ['import'], 'Usage: forkline import [options] <path...>'],
    ['too many arguments', ['lineage', id, id], 'Usage: forkline lineage'],
    ['a stream that is none', ['timeline', 'foo'], 'Expected a stream'],
    ['a place without a revision', ['fork', id], 'Expected <stream>@<revision>'],
    ['an assignment that is none', ['fork', `${id}@1`, '--set', 'x'], 'Expected path=value'],
    ['something a session does not have', ['fork', `${id}@1`, '--set', 'state.x=1'], 'not state.x'],
    [
      'a fork that is not changed by --set',
      ['fork', `task-${id}@1`, '--set', 'a=1'],
      '--set changes',
    ],
    ['an id that is none', ['fork', `${id}@1`, '--id', 'mine'], 'Expected a UUID'],
    [
      'a format that is none',
      ['export', id, '--format', 'pdf'],
      'Allowed choices are json, txt, md',
    ],
    ['an export of something else', ['export', `execution-${id}`], 'Expected a session'],
    ['a place to begin that is none', ['tail', '--from', 'yesterday'], 'Expected now, start'],
    ['an address that is none', ['lineage', id, '--url', 'localhost:4400'], 'is not an address'],
  ])('ends with exit code 2 and the usage: %s', async (_name, args, said) => {
    const { code, out, errors } = await forkline(nowhere, args);
    expect(errors).toContain(said);
    expect(errors).toMatch(/^Usage: forkline/m);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

describe('asking for help', () => {
  it('is no mistake', async () => {
    const { code, out } = await forkline(nowhere, ['fork', '--help']);
    expect(out).toContain('Usage: forkline fork [options] <stream@revision>');
    expect(code).toBe(0);
    expect((await forkline(nowhere, ['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a server that cannot be reached', () => {
  it.each([
    ['timeline', ['timeline', id]],
    ['inspect', ['inspect', `${id}@3`]],
    ['tail', ['tail']],
    ['import', ['import', fileURLToPath(import.meta.url)]],
    ['export', ['export', id]],
  ])('ends %s with exit code 1 and one line', async (_name, args) => {
    const { code, errors } = await forkline('http://127.0.0.1:2', args);
    expect(errors).toMatch(/^unreachable: nothing answers at \S+127\.0\.0\.1:2.*\n$/);
    expect(code).toBe(1);
  });
});

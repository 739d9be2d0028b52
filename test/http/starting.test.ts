import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { runToEnd } from './support/run-to-end.js';

const secret = 'a secret of at least 32 characters';

describe('a start with settings that cannot be used', () => {
  it.each([
    [{ PORT: 'http' }, 'PORT'],
    [{ AUTH_JWT_SECRET: 'too short' }, 'AUTH_JWT_SECRET'],
    [{ HOST: '0.0.0.0' }, 'HOST'],
  ])('says which in one line, and ends with 2: %j', async (settings, name) => {
    const { code, output, errors } = await runToEnd(settings as Record<string, string>);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toMatch(new RegExp(`^${name}: [^\\n]+\\n$`));
    expect(errors).not.toContain('too short');
  });

  it('says one line for each', async () => {
    const { code, errors } = await runToEnd({ PORT: 'x', LOG_LEVEL: 'y', LOG_FORMAT: 'z' });
    expect(code).toBe(2);
    expect(
      errors
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['PORT', 'LOG_LEVEL', 'LOG_FORMAT']);
  });

  it('takes flags before the environment', async () => {
    const { code, errors } = await runToEnd({ LOG_LEVEL: 'info' }, ['--log-level', 'loud']);
    expect(code).toBe(2);
    expect(errors).toMatch(/^LOG_LEVEL: /);
  });
});

describe('a start', () => {
  let folder: string;
  let program: Program;
  beforeAll(async () => {
    folder = await temporaryFolder();
    program = await startProgram(folder, { HOST: '0.0.0.0', AUTH_JWT_SECRET: secret });
  });
  afterAll(async () => {
    await program.stop();
    await removeFolder(folder);
  });

  it('on every address is possible once callers are authenticated', async () => {
    const { port } = new URL(program.url);
    const { status } = await fetch(`http://127.0.0.1:${port}/v1/sessions`);
    expect(status).toBe(401);
  });

  it('on the folder of another that runs is refused, and leaves that one alone', async () => {
    const { code, output, errors } = await runToEnd({ DATA_DIR: folder });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^forkline: [^\n]+\n$/);
    expect((await fetch(`${program.url.replace('0.0.0.0', '127.0.0.1')}/readyz`)).status).toBe(200);
  });

  it('on a port that is taken is refused in one line', async () => {
    const other = await temporaryFolder();
    const { port } = new URL(program.url);
    const { code, errors } = await runToEnd({ DATA_DIR: other, PORT: port });
    expect(code).toBe(1);
    expect(errors).toMatch(/^forkline: [^\n]*EADDRINUSE[^\n]*\n$/);
    await removeFolder(other);
  });

  it('serves on, whatever comes in that is not HTTP', async () => {
    const { port } = new URL(program.url);
    for (const noise of [
      '\0\0\0',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    ])
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(noise));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
      });
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../src/cli/forkline.js', import.meta.url));

export type Ran = Readonly<{ code: number | null; out: string; errors: string }>;

const environment = (url: string, more: Readonly<Record<string, string>>) => ({
  ...process.env,
  FORKLINE_URL: url,
  FORKLINE_TOKEN: '',
  FORKLINE_USER_ID: '',
  ...more,
});

/** Runs `forkline` to its end. */
export const forkline = async (
  url: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> => {
  const child = spawn(process.execPath, [entry, ...args], { env: environment(url, more) });
  child.stdin.end();
  const [[code], out, errors] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, out, errors };
};

/** A `forkline` that goes on until it is told to end. */
export type Following = Readonly<{
  /** The next line of its output. */
  line(): Promise<string>;
  /** Resolves once it has said something on standard error that matches. */
  said(pattern: RegExp): Promise<void>;
  /** Presses Ctrl-C, and gives the exit code. */
  interrupt(): Promise<number | null>;
}>;

export const startForkline = (url: string, args: readonly string[]): Following => {
  const child = spawn(process.execPath, [entry, ...args], { env: environment(url, {}) });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  let wake = () => {};
  child.stderr.on('data', (chunk) => {
    errors += chunk;
    wake();
  });
  return {
    line: async () => {
      const next = await lines.next();
      if (next.done) throw new Error(`the command ended: ${errors}`);
      return next.value;
    },
    said: async (pattern) => {
      while (!pattern.test(errors))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    interrupt: async () => {
      child.kill('SIGINT');
      const [code] = await closed;
      return code as number | null;
    },
  };
};

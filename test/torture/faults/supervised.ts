import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '../../support/program.js';

type Started = Pick<Program, 'url' | 'process' | 'stop'>;

/** A process that is ended, held and started again, and started again too when a start fails. */
export type Supervised = Readonly<{
  name: string;
  /** Where it listens; undefined while it does not. */
  port(): number | undefined;
  /** Ends it as a power cut would, and starts it again after a while. Resolves once it listens. */
  restart(afterMs: number): Promise<void>;
  /** Holds it, as a virtual machine that is not given any time. */
  pause(ms: number): Promise<void>;
  /** Ends it as an operator would. @returns its exit code */
  stop(): Promise<number | null>;
  /** Ends it at once, without waiting: for when this process ends. */
  abandon(): void;
}>;

export type SupervisedOptions = Readonly<{
  name: string;
  /** What it prints from when it listens goes here. */
  logFile: string;
  start(): Promise<Started>;
  /** Told where it listens whenever that changes. */
  onPort(port: number | undefined): void;
  /** Told when it ends without being asked to. */
  onEnded(what: string): void;
}>;

const startsAtMost = 20;

/** @throws Error when it does not start, however often that is tried */
export const supervise = async (options: SupervisedOptions): Promise<Supervised> => {
  const { name, onPort, onEnded } = options;
  const output = createWriteStream(options.logFile, { flags: 'a' });
  let running: Started | undefined;
  let isEnding = false;
  let port: number | undefined;

  const lead = (to: number | undefined): void => {
    port = to;
    onPort(to);
  };

  const start = async (): Promise<void> => {
    for (let attempt = 1; running === undefined; attempt++) {
      try {
        running = await options.start();
      } catch (error) {
        // As a supervisor does: what it needs may be away as well.
        if (attempt >= startsAtMost) throw error;
        await delay(500);
      }
    }
    const { process: child, url } = running;
    child.stderr?.pipe(output, { end: false });
    child.stdout?.pipe(output, { end: false });
    child.on('exit', (code, signal) => {
      if (isEnding) return;
      lead(undefined);
      onEnded(`${name} ended by itself with ${signal ?? code}`);
    });
    isEnding = false;
    lead(Number(new URL(url).port));
  };

  const kill = async (): Promise<void> => {
    const child = running?.process;
    isEnding = true;
    lead(undefined);
    running = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  await start();
  return {
    name,
    port: () => port,
    restart: async (afterMs) => {
      await kill();
      await delay(afterMs);
      await start();
    },
    pause: async (ms) => {
      running?.process.kill('SIGSTOP');
      await delay(ms);
      running?.process.kill('SIGCONT');
    },
    stop: async () => {
      isEnding = true;
      lead(undefined);
      const code = (await running?.stop()) ?? null;
      running = undefined;
      output.end();
      return code;
    },
    abandon: () => {
      isEnding = true;
      running?.process.kill('SIGKILL');
    },
  };
};

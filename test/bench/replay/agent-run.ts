import { join } from 'node:path';
import { ask, type Json, send } from '../../support/api.js';
import {
  type Program,
  removeFolder,
  startProgram,
  temporaryFolder,
} from '../../support/program.js';
import { folderSize } from './support/folder-size.js';
import { median } from './support/median.js';
import { proseOf } from './support/prose.js';
import { timed } from './support/timed.js';

export const messageBytes = 500;

/** Where the messages of a run are: in the session alone, or in the state of each checkpoint as well, as LangGraph has them. */
export type Messages = 'in the session' | 'in checkpoints too';

/** What a run of an agent costs. Times are medians in milliseconds. */
export type RunCost = Readonly<{
  what: string;
  /** A fork from the middle, with something changed. */
  fork: number;
  /** The state in the middle, with all messages. */
  state: number;
  history: number;
  bytesPerStep: number;
  /** The parts of it. */
  eventStore?: number;
  mongodb?: number;
}>;

type Run = Readonly<{ session: Json; execution: Json; middle: Json; checkpoint: Json }>;

/**
 * A run as an agent has it, over HTTP: each step posts a message of 500 bytes to the session and saves
 * a checkpoint of the execution. What it takes on disk is what the stores' folders have grown by, both
 * stores stopped before and after.
 */
export const agentRun = async (
  steps: number,
  rounds: number,
  messages: Messages,
): Promise<RunCost> => {
  const folder = await temporaryFolder();
  const sizes = async () => ({
    eventStore: (await folderSize(join(folder, 'eventstore'))) / steps,
    mongodb: (await folderSize(join(folder, 'mongodb'))) / steps,
  });
  // What is there in any case, collections and indexes and their first pages, is there before.
  await running(folder, (program) => writeRun(program, 70, messages));
  const before = await sizes();
  const run = await running(folder, (program) => writeRun(program, steps, messages));
  const after = await sizes();
  const times = await running(folder, ({ url }) => timesOf(url, run, steps, rounds, messages));
  await removeFolder(folder);
  const eventStore = after.eventStore - before.eventStore;
  const mongodb = after.mongodb - before.mongodb;
  const what = `Forkline, messages ${messages}`;
  return { what, ...times, bytesPerStep: eventStore + mongodb, eventStore, mongodb };
};

const running = async <Result>(
  folder: string,
  work: (program: Program) => Promise<Result>,
): Promise<Result> => {
  const program = await startProgram(folder);
  try {
    return await work(program);
  } finally {
    await program.stop();
  }
};

const writeRun = async ({ url }: Program, steps: number, messages: Messages): Promise<Run> => {
  const session = await send(url, '/v1/sessions', { title: `A run of ${steps} steps` });
  const execution = await send(url, '/v1/executions', { sessionId: session.id, input: {} });
  const said: object[] = [];
  let [middle, checkpoint]: Json[] = [session, execution];
  for (let step = 1; step <= steps; step++) {
    const role = step % 2 === 0 ? 'assistant' : 'user';
    const message = { role, content: proseOf(step, messageBytes) };
    const posted = await send(url, `/v1/sessions/${session.id}/messages`, message);
    said.push(message);
    const state = {
      ...{ step, next: step % 2 === 0 ? 'tools' : 'model' },
      ...(messages === 'in the session' ? { lastMessageId: posted.id } : { messages: said }),
    };
    const saved = await send(url, `/v1/executions/${execution.id}/checkpoints`, {
      ...{ agent: 'agent', stage: 'loop', stageOrder: 0, state },
    });
    if (step === steps / 2) [middle, checkpoint] = [posted, saved];
    if (step === steps) {
      // The read models have it all before anything is measured.
      await ask(url, `/v1/sessions/${session.id}/messages?limit=1&after=${saved.position}`);
      await ask(url, `/v1/executions/${execution.id}/checkpoints?limit=1&after=${saved.position}`);
    }
  }
  if (!middle || !checkpoint) throw new Error('a run of some steps is wanted');
  return { session, execution, middle, checkpoint };
};

const timesOf = async (
  url: string,
  { session, execution, middle, checkpoint }: Run,
  steps: number,
  rounds: number,
  messages: Messages,
) => {
  const isSlim = messages === 'in the session';
  const stream = isSlim ? session.stream : execution.stream;
  const history = await timed(3, async () => {
    let read = 0;
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Json = await ask(url, `/v1/streams/${stream}/steps?limit=500${cursor}`);
      read += page.items.length;
      cursor = page.next === null ? null : `&cursor=${page.next}`;
    }
    if (read !== steps + 1) throw new Error(`${steps + 1} steps were expected, not ${read}`);
  });
  const state = await timed(rounds, async () => {
    const path = isSlim
      ? `/v1/streams/${stream}/state?whole=true&at=${middle.revision}`
      : `/v1/checkpoints/${checkpoint.id}`;
    const { state } = await ask(url, path);
    if (Object.keys(state.messages).length !== steps / 2)
      throw new Error('another state was expected');
  });
  const fork = await timed(rounds, (round) => {
    const amendment = { type: 'ChangeSession', title: `round ${round}` };
    return isSlim
      ? send(url, `/v1/streams/${stream}/forks`, { at: middle.revision, amendments: [amendment] })
      : send(url, `/v1/checkpoints/${checkpoint.id}/replay`, { modifications: { step: -round } });
  });
  return { fork: median(fork), state: median(state), history: median(history) };
};

import type { Request } from 'express';
import { z } from 'zod';
import type { CommandHandler } from '../../commands/handle.js';
import { isRejection } from '../../domain/decider.js';
import { type ImportItem, importRuns } from '../../importing/import-runs.js';
import { readRuns } from '../../importing/read-runs.js';
import { formats } from '../../importing/recorded-run.js';
import { UnreadableRecording } from '../../importing/unreadable-recording.js';
import type { RequestContext } from '../context.js';
import { Problem } from '../problem.js';
import { problemOf } from '../problem-of.js';
import { type Route, route } from '../route.js';
import { sendPieces } from '../send-pieces.js';
import type { Services } from '../services.js';
import { answeredSchema } from '../views/imports.js';

/** The largest file, in bytes as sent. */
const largestFile = 64 * 1024 * 1024;

const query = z.strictObject({
  format: z.enum(formats).optional(),
  /** What the file is called. */
  name: z.string().max(300).optional(),
});

type Totals = { runs: number; messages: number; checkpoints: number };

/** Import of recorded runs from a file. */
export const importRoutes = (services: Services): readonly Route[] => [
  route({
    method: 'post',
    path: '/v1/sessions/import',
    access: 'caller',
    takesFile: true,
    query,
    operationId: 'importSessions',
    summary: 'Import recorded runs from a file',
    answers: { 200: answeredSchema },
    handle: async ({ query, request }, context) => {
      const job = importJob(services, request, query, context);
      if (request.accepts(['json', 'application/x-ndjson']) === 'application/x-ndjson')
        return { write: (response) => sendPieces(response, 'application/x-ndjson', linesOf(job)) };
      const items: ImportItem[] = [];
      try {
        for await (const item of job.items) items.push(item);
      } catch (error) {
        throw asProblem(error);
      }
      return { status: 200, body: { items, ...job.lastPosition() } };
    },
  }),
];

type Job = Readonly<{
  items: AsyncIterable<ImportItem>;
  totals: Readonly<Totals>;
  /** The position that has everything imported so far; missing when nothing was added. */
  lastPosition(): Readonly<{ position?: string }>;
}>;

const importJob = (
  services: Services,
  request: Request,
  options: z.infer<typeof query>,
  { command }: RequestContext,
): Job => {
  const totals: Totals = { runs: 0, messages: 0, checkpoints: 0 };
  const underWay = new Map<number, Readonly<{ messages: number; checkpoints: number }>>();
  let last = 0;
  const noting =
    <Command, Reason>(handler: CommandHandler<Command, Reason>): CommandHandler<Command, Reason> =>
    async (...args) => {
      const outcome = await handler(...args);
      if (!isRejection(outcome)) last = Math.max(last, outcome.position);
      return outcome;
    };
  const { sessions, executions, streams } = services;
  const { caller, requestId, traceparent, origin } = command;
  const imported = importRuns(
    readRuns(limited(request), options),
    {
      caller,
      requestId,
      ...(traceparent !== undefined && { traceparent }),
      ...(origin && { origin }),
    },
    { sessions: noting(sessions), executions: noting(executions), streams },
    {
      onProgress: (index, _run, progress) => {
        const before = underWay.get(index) ?? { messages: 0, checkpoints: 0 };
        totals.messages += progress.messages - before.messages;
        totals.checkpoints += progress.checkpoints - before.checkpoints;
        underWay.set(index, progress);
      },
    },
  );
  const items = async function* () {
    for await (const item of imported) {
      underWay.delete(item.index);
      if ('sessionId' in item) totals.runs += 1;
      yield item;
    }
  };
  return {
    items: items(),
    totals,
    lastPosition: () => (last > 0 ? { position: String(last) } : {}),
  };
};

async function* limited(request: Request): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > largestFile) throw new Problem('too-large', 'a file may have 64 MiB at most');
    yield chunk;
  }
}

/** How often progress is told, in milliseconds. */
const progressEvery = 250;

async function* linesOf({ items, totals, lastPosition }: Job): AsyncGenerator<string> {
  const line = (value: object) => `${JSON.stringify(value)}\n`;
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; ) {
      let timer: NodeJS.Timeout | undefined;
      const ticked = new Promise<'tick'>((resolve) => {
        timer = setTimeout(() => resolve('tick'), progressEvery);
      });
      const settled = await Promise.race([next, ticked]);
      clearTimeout(timer);
      if (settled === 'tick') {
        yield line({ progress: totals });
        continue;
      }
      if (settled.done) break;
      const { value } = settled;
      yield 'sessionId' in value
        ? line({ item: value })
        : line({ unreadable: { index: value.index, reason: value.error, code: value.code } });
      yield line({ progress: totals });
      next = iterator.next();
    }
    yield line({ done: { ...totals, ...lastPosition() } });
  } catch (error) {
    const problem = problemOf(asProblem(error));
    yield line({
      problem: { code: problem.code, status: problem.status, detail: problem.message },
    });
  } finally {
    await iterator.return?.();
  }
}

const asProblem = (error: unknown): unknown =>
  error instanceof UnreadableRecording ? new Problem('unreadable-recording', error.message) : error;

import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { CommandHandler } from '../../../src/commands/handle.js';
import type { CommandRequest } from '../../../src/commands/request.js';
import type { EventStore, NewEvent } from '../../../src/eventstore/event-store.js';
import { startTelemetry } from '../../../src/telemetry/telemetry.js';

// What the decorators add to a command over HTTP, by themselves: a listener that identifies, handles one command
// and appends one event, all of which do nothing, with and without what measures them, in turns.
// node dist/test/bench/telemetry/decorators.js [requests a turn]

const requests = Number(process.argv[2] ?? 20_000);
const turns = 9;

type Command = Readonly<{ type: string }>;
type Handler = CommandHandler<Command, string>;

const caller = { userId: 'ann', admin: false };
const identify = async () => caller;
const appended = { storeRevision: 1, position: 2 };
// Only what is called here.
const store = { append: async () => appended } as unknown as EventStore;

const handlerOn =
  ({ append }: EventStore): Handler =>
  async (id, _, { commandId }) => {
    const event = { id, type: 'MessagePosted', data: {}, metadata: { commandId } };
    await append(`session-${id}`, [event as unknown as NewEvent], 1);
    return { id, stream: `session-${id}`, revision: 1, position: 2, added: 1, state: {} };
  };

let done: () => void = () => undefined;
let count = 0;
const listenerOn =
  (who: (request: IncomingMessage) => Promise<unknown>, handle: Handler): RequestListener =>
  (request, response) => {
    void who(request).then(async () => {
      count += 1;
      const command = { commandId: `c-${count}`, requestId: 'r', caller } as CommandRequest;
      await handle('7', [{ type: 'PostMessage' }], command);
      response.emit('close');
      done();
    });
  };

/** @returns the CPU time of a request, in microseconds */
const turn = async (listener: RequestListener): Promise<number> => {
  const before = process.cpuUsage();
  for (let n = 0; n < requests; n += 1)
    await new Promise<void>((resolve) => {
      done = resolve;
      const request = Object.assign(new EventEmitter(), {
        ...{ method: 'POST', url: '/v1/sessions/7/messages', httpVersion: '1.1', headers: {} },
        route: { path: '/v1/sessions/:id/messages' },
      }) as unknown as IncomingMessage;
      const response = new ServerResponse(request);
      Object.defineProperty(response, 'writableFinished', { value: true });
      listener(request, response);
    });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
};

const measured = (log: Logger): RequestListener => {
  const telemetry = startTelemetry(log, 'bench');
  const handle = telemetry.handler('session', handlerOn(telemetry.store(store)));
  return telemetry.requests(listenerOn(telemetry.identify(identify), handle));
};

const file = join(tmpdir(), `forkline-bench-${process.pid}.log`);
const ways = [
  { name: 'not measured', listener: listenerOn(identify, handlerOn(store)) },
  { name: 'measured', listener: measured(pino({ level: 'warn' })) },
  {
    name: 'measured, and logged at info',
    listener: measured(pino({ base: null }, pino.destination({ dest: file, sync: true }))),
  },
].map((way) => ({ ...way, us: [] as number[] }));

for (const { listener } of ways) await turn(listener);
for (let n = 0; n < turns; n += 1)
  for (const { listener, us } of ways) us.push(await turn(listener));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const plain = median(ways[0]?.us ?? []);
for (const { name, us } of ways)
  console.log(
    `${name.padEnd(30)} ${(median(us) - plain).toFixed(1).padStart(6)} us more a request`,
  );
rmSync(file, { force: true });
process.exit();

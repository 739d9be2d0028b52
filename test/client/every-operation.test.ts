import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Calls, ForklineClient, ForklineError } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

const id = '0198c5a4-0000-7000-8000-000000000001';
const stream = `session-${id}`;
const lease = { leaseToken: 'none' };

/** How each operation of the API is called. */
const calls: Readonly<Record<string, (client: Calls) => Promise<unknown>>> = {
  createSession: ({ sessions }) => sessions.create({ title: 'Plan' }),
  listSessions: ({ sessions }) => sessions.list({ status: 'active', limit: 5 }),
  getSession: ({ sessions }) => sessions.get(id),
  changeSession: ({ sessions }) => sessions.patch(id, { title: 'Plan' }),
  pauseSession: ({ sessions }) => sessions.pause(id, { reason: 'tea' }),
  resumeSession: ({ sessions }) => sessions.resume(id, { fork: true }),
  terminateSession: ({ sessions }) => sessions.terminate(id),
  moveSession: ({ sessions }) => sessions.transition(id, { status: 'active' }),
  deleteSession: ({ sessions }) => sessions.remove(id, { hard: true }),
  restoreSession: ({ sessions }) => sessions.restore(id),
  exportSession: ({ sessions }) => sessions.export(id, { format: 'md', at: 0 }),
  importSessions: ({ sessions }) =>
    sessions.import('{"messages":[{"role":"user","content":"hi"}]}', { format: 'openai-messages' }),
  searchMessages: ({ messages }) => messages.search({ q: 'plan', sessionId: id }),
  postMessage: ({ sessions }) => sessions.messages.post(id, { role: 'user', content: 'hi' }),
  listMessages: ({ sessions }) => sessions.messages.list(id, { includeDeleted: true }),
  editMessage: ({ sessions }) => sessions.messages.edit(id, id, { content: 'hi' }),
  deleteMessage: ({ sessions }) => sessions.messages.remove(id, id),
  startExecution: ({ executions }) => executions.start({ input: 1 }),
  listExecutions: ({ executions }) => executions.list({ sessionId: id, status: 'running' }),
  compareExecutions: ({ executions }) => executions.compare(id, id, { limit: 5 }),
  getExecution: ({ executions }) => executions.get(id),
  saveCheckpoint: ({ executions }) =>
    executions.checkpoint(id, { agent: 'a', stage: 's', stageOrder: 0, state: {} }),
  listCheckpoints: ({ executions }) => executions.checkpoints(id, { at: 0 }),
  getTimeline: ({ executions }) => executions.timeline(id, { limit: 5 }),
  pruneCheckpoints: ({ executions }) => executions.prune(id, { keepLast: 1 }),
  resumeExecution: ({ executions }) => executions.resume(id),
  completeExecution: ({ executions }) => executions.complete(id, { output: 1 }),
  failExecution: ({ executions }) => executions.fail(id, { error: 'no' }),
  cancelExecution: ({ executions }) => executions.cancel(id, { reason: 'no' }),
  getCheckpoint: ({ checkpoints }) => checkpoints.get(id, { executionId: id }),
  replayCheckpoint: ({ checkpoints }) => checkpoints.replay(id, { modifications: { a: 1 } }),
  raiseInterrupt: ({ interrupts }) =>
    interrupts.raise({ kind: 'confirmation', requestId: 'r', sessionId: id, question: 'Sure?' }),
  listInterrupts: ({ interrupts }) => interrupts.list({ status: 'pending' }),
  getInterrupt: ({ interrupts }) => interrupts.get(id),
  respondToInterrupt: ({ interrupts }) => interrupts.respond(id, { approved: true }),
  cancelInterrupt: ({ interrupts }) => interrupts.cancel(id, { reason: 'no' }),
  submitTasks: ({ tasks }) => tasks.submitMany([{ type: 't', queue: 'q' }]),
  listTasks: ({ tasks }) => tasks.list({ queue: 'q', status: 'ready' }),
  getTask: ({ tasks }) => tasks.get(id),
  cancelTask: ({ tasks }) => tasks.cancel(id, { reason: 'no' }),
  retryTask: ({ tasks }) => tasks.retry(id),
  heartbeatTask: ({ tasks }) => tasks.heartbeat(id, lease),
  reportProgress: ({ tasks }) => tasks.progress(id, { ...lease, percent: 5 }),
  completeTask: ({ tasks }) => tasks.complete(id, { ...lease, result: 1 }),
  completeTasks: ({ tasks }) => tasks.completeMany({ items: [{ id, ...lease }] }),
  failTask: ({ tasks }) => tasks.fail(id, { ...lease, error: 'no' }),
  claimTasks: ({ queues }) => queues.claim('q', { workerId: 'w', max: 2 }),
  listQueues: ({ queues }) => queues.list({ limit: 5 }),
  getQueue: ({ queues }) => queues.get('q'),
  registerWorker: ({ workers }) => workers.register({ id: 'w', queues: ['q'] }),
  listWorkers: ({ workers }) => workers.list({ status: 'active', queue: 'q' }),
  getWorker: ({ workers }) => workers.get('w'),
  heartbeatWorker: ({ workers }) => workers.heartbeat('w'),
  stopWorker: ({ workers }) => workers.stop('w', { stopped: true }),
  listEvents: ({ streams }) => streams.events(stream, { from: 0, direction: 'forwards' }),
  getState: ({ streams }) => streams.state(stream, { at: 0, whole: true }),
  listSteps: ({ streams }) => streams.steps(stream, { from: 0, to: 1 }),
  getLineage: ({ streams }) => streams.lineage(stream),
  compareStreams: ({ streams }) => streams.compare(stream, `${stream}@0`, { limit: 5 }),
  forkStream: ({ streams }) =>
    streams.fork(stream, {
      ...{ at: 0, scope: 'tree', resume: true, reason: 'why not' },
      amendments: [{ type: 'ChangeSession', title: 'Other' }],
    }),
  detachStream: ({ streams }) => streams.detach(stream),
  listProjections: ({ operations }) => operations.projections(),
  listParked: ({ operations }) => operations.parked('none', { limit: 5 }),
  retryParked: ({ operations }) => operations.retryParked('none', id),
  discardParked: ({ operations }) => operations.discardParked('none', id),
  rebuildProjections: ({ operations }) => operations.rebuild(['none'], [id]),
  rebuildProjection: ({ operations }) => operations.rebuildOne('none', [id]),
  cancelRebuild: ({ operations }) => operations.cancelRebuild('none'),
  rollBackProjection: ({ operations }) => operations.rollBack('none'),
  dropPrevious: ({ operations }) => operations.dropPrevious('none'),
  listAudit: ({ operations }) => operations.audit({ since: '2026-01-01T00:00:00Z', limit: 5 }),
  readMetrics: ({ operations }) => operations.metrics(),
  getHealth: ({ operations }) => operations.health(),
  getReadiness: ({ operations }) => operations.readiness(),
  getDocument: ({ operations }) => operations.document(),
  registerWebhook: ({ webhooks }) =>
    webhooks.register({ url: 'https://example.com/', topics: ['chat.*'] }),
  listWebhooks: ({ webhooks }) => webhooks.list({ limit: 5 }),
  getWebhook: ({ webhooks }) => webhooks.get(id),
  removeWebhook: ({ webhooks }) => webhooks.remove(id),
  rotateSecret: ({ webhooks }) => webhooks.rotateSecret(id),
  enableWebhook: ({ webhooks }) => webhooks.enable(id),
  disableWebhook: ({ webhooks }) => webhooks.disable(id, { reason: 'no' }),
  listDeliveries: ({ webhooks }) => webhooks.deliveries(id, { status: 'parked' }),
  getDelivery: ({ webhooks }) => webhooks.delivery(id, 'd'),
  retryDelivery: ({ webhooks }) => webhooks.retry(id, 'd'),
  resendEvents: ({ webhooks }) => webhooks.resend(id, '2026-01-01T00:00:00Z'),
};

/** What is not called over HTTP: the feed is subscribed to on its WebSocket, and /docs is for people. */
const otherwise = ['followFeed', 'getDocs', 'openFeed'];

type Operation = Readonly<{ method: string; path: string }>;
type Paths = Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;

let program: Program;
const operations = new Map<string, Operation>();
beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  const { paths } = await new ForklineClient({ url: program.url }).operations.document();
  for (const [path, methods] of Object.entries(paths as Paths))
    for (const [method, { operationId }] of Object.entries(methods))
      operations.set(operationId, { method: method.toUpperCase(), path });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

it('has a method for every operation of the API', () => {
  expect([...Object.keys(calls), ...otherwise].sort()).toEqual([...operations.keys()].sort());
});

it('calls each as the API takes it, consistent reads included', async () => {
  const asked: Operation[] = [];
  const client = new ForklineClient({
    url: program.url,
    fetch: (address, init) => {
      asked.push({ method: String(init?.method), path: new URL(String(address)).pathname });
      return fetch(address, init);
    },
  });
  const { position } = await client.sessions.create();
  asked.length = 0;
  expect(client.position).toBe(position);
  for (const [name, call] of Object.entries(calls)) {
    const refusal = await call(client.consistent).then(
      () => undefined,
      (error: unknown) => (error instanceof ForklineError ? error : Promise.reject(error)),
    );
    // What nobody has made is not found; what is asked wrongly would be malformed.
    if (refusal) expect(`${name}: ${refusal.status} ${refusal}`).toMatch(/^\w+: (404|409) /);
    const { method, path } = operations.get(name)!;
    const matches = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    expect(asked.splice(0)).toEqual([{ method, path: expect.stringMatching(matches) }]);
  }
});

it('reads what it wrote a moment ago, also when another wrote it', async () => {
  const writer = new ForklineClient({ url: program.url });
  const reader = new ForklineClient({ url: program.url });
  for (let n = 0; n < 20; n += 1) {
    const created = await writer.sessions.create({ title: `Plan ${n}` });
    expect(await writer.consistent.sessions.get(created.id)).toMatchObject({ title: `Plan ${n}` });
    reader.observe(created.position);
    const { items } = await reader.consistent.sessions.list({ limit: 1 });
    expect(items).toMatchObject([{ id: created.id }]);
  }
});

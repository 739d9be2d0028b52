import type { Request, Response } from 'express';
import type { Caller } from '../commands/request.js';
import { withFields } from '../fields.js';
import type { KeptAnswer } from '../queries/idempotency-keys.js';
import { admit } from './access.js';
import { contextOf, type RequestIds, requestIdOf } from './context.js';
import { idempotencyKeyOf, newIds, type onceByKey, type Sent } from './idempotency.js';
import type { Problem } from './problem.js';
import { problemOf } from './problem-of.js';
import type { Answer, Route } from './route.js';
import { after } from './schema.js';
import type { Services } from './services.js';

/** How long a read waits for its read model, in milliseconds. */
const patience = 5_000;

/** Carries out one endpoint: who may ask, what was answered before, what the models must have seen; then its handler. */
export const serveRoute =
  (route: Route, services: Services, once: ReturnType<typeof onceByKey>) =>
  async (known: Caller | undefined, request: Request, response: Response): Promise<void> => {
    try {
      const caller = admit(route.access, known);
      const carryOut = (ids: RequestIds) =>
        answerTo(route, services, { request, response, caller, ids });
      // What a file adds has ids made from its content: it needs no key to be repeated.
      const key = route.takesFile ? undefined : idempotencyKeyOf(request, caller);
      const answer = await (key === undefined
        ? carryOut({ areNew: true, ...newIds() })
        : once(key, request, carryOut));
      if ('write' in answer || answer.status < 300)
        services.audit.answered(route, request, requestIdOf(response), caller);
      if ('write' in answer) await answer.write(response);
      else send(answer, response);
    } catch (error) {
      sendProblem(error, request, response, services);
    }
  };

type Asked = Readonly<{ request: Request; response: Response; caller: Caller; ids: RequestIds }>;

const answerTo = async (
  route: Route,
  services: Services,
  { request, response, caller, ids }: Asked,
): Promise<Sent> => {
  const requestId = requestIdOf(response);
  const origin = services.originOf(request);
  const position = request.query.after;
  if (position !== undefined) await caughtUp(route, services, position);
  try {
    const answer = await route.handle(
      request,
      withFields(contextOf(request, caller, requestId, ids, origin), {
        refused: (problem: Problem) => services.audit.refused(request, requestId, problem),
      }),
    );
    return 'write' in answer
      ? answer
      : answer.passing
        ? withFields(asSent(answer), { passing: true })
        : asSent(answer);
  } catch (error) {
    const problem = problemOf(error);
    if (isFinal(problem, route)) {
      services.audit.refused(request, requestId, problem);
      return asSent(problemAnswer(problem, request, requestId));
    }
    throw error;
  }
};

/**
 * Whether a rule said no, which it says again under the same key. What may be otherwise next time is not
 * final: a lost race, and what a read model has not heard of yet.
 */
const isFinal = ({ status, code }: Problem, { reads }: Route): boolean =>
  [404, 409, 412].includes(status) &&
  code !== 'revision-conflict' &&
  !(status === 404 && reads.length > 0);

const caughtUp = async (route: Route, { runner }: Services, named: unknown): Promise<void> => {
  const position = after.after.safeParse(named).data;
  if (position === undefined) return;
  await Promise.all(route.reads.map((name) => runner.progress(name).reached(position, patience)));
};

const json = 'application/json; charset=utf-8';

const asSent = ({ status, headers = {}, body }: Answer): KeptAnswer => ({
  status,
  headers: { 'Content-Type': json, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/**
 * Sends an answer. Most are JSON for a client that has none yet, which takes no more than this; whether a
 * client has the same already, and what other contents are called, express says.
 */
const send = ({ status, headers, body }: KeptAnswer, response: Response): void => {
  const { req: request } = response;
  const isConditional =
    request.headers['if-none-match'] !== undefined ||
    request.headers['if-modified-since'] !== undefined;
  if (isConditional || headers['Content-Type'] !== json) {
    response.status(status).set(headers).send(body);
    return;
  }
  response.statusCode = status;
  for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  if (request.method === 'HEAD') response.end();
  else response.end(body);
};

const problemAnswer = (problem: Problem, request: Request, requestId: string): Answer => ({
  status: problem.status,
  headers: { 'Content-Type': 'application/problem+json', ...problem.headers },
  body: problem.document(request.originalUrl.split('?')[0] ?? '', requestId),
});

/** Answers with a problem document; ends the connection if an answer is already on its way. */
export const sendProblem = (
  error: unknown,
  request: Request,
  response: Response,
  { log, audit }: Pick<Services, 'log' | 'audit'>,
): void => {
  const requestId = requestIdOf(response);
  const problem = problemOf(error);
  audit.refused(request, requestId, problem);
  if (problem.status >= 500) {
    // A store that is away or a model that is behind is no fault of the program.
    const level = problem.status === 500 ? 'error' : 'warn';
    const { method, path } = request;
    log[level]({ err: error, requestId, method, path }, 'request failed');
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  send(asSent(problemAnswer(problem, request, requestId)), response);
};

import type { Request, Response } from 'express';
import { contextOf, requestIdOf } from './context.js';
import { claim } from './idempotency.js';
import { Problem } from './problem.js';
import { problemOf } from './problem-of.js';
import type { Answer, Route } from './route.js';
import { after } from './schema.js';
import type { Services } from './services.js';

/** How long a read waits for its read model, in milliseconds. */
const patience = 5_000;

/** Carries out one endpoint: who asks, what was answered before, what the models must have seen; then its handler. */
export const serveRoute =
  (route: Route, services: Services) =>
  async (request: Request, response: Response): Promise<void> => {
    try {
      await answerTo(route, services, request, response);
    } catch (error) {
      sendProblem(error, request, response, services);
    }
  };

const answerTo = async (
  route: Route,
  services: Services,
  request: Request,
  response: Response,
): Promise<void> => {
  const requestId = requestIdOf(response);
  const caller = await services.identify(request);
  if (!caller) throw new Problem('unauthorized', undefined, {}, { 'WWW-Authenticate': 'Bearer' });
  if (route.adminOnly && !caller.admin) throw new Problem('forbidden');

  const claimed = await claim(request, caller, services.idempotencyKeys);
  if (claimed.answer) {
    const { status, headers, body } = claimed.answer;
    response.status(status).set(headers).set('Idempotent-Replayed', 'true').send(body);
    return;
  }
  await caughtUp(route, services, request);
  const context = contextOf(request, caller, requestId, claimed);
  const answer = await route.handle(request, context).catch(async (error: unknown) => {
    // A rule that said no says so again under the same key; what may be otherwise next time is not kept.
    const problem = problemOf(error);
    if (problem.status === 404 || problem.status === 409 || problem.status === 412)
      await claimed.keep(asKept(problemAnswer(problem, request, requestId)));
    throw error;
  });
  if ('write' in answer) return answer.write(response);
  const kept = asKept(answer);
  await claimed.keep(kept);
  response.status(kept.status).set(kept.headers).send(kept.body);
};

const caughtUp = async (route: Route, { runner }: Services, request: Request): Promise<void> => {
  const position = after.after.safeParse(request.query.after).data;
  if (position === undefined) return;
  await Promise.all(route.reads.map((name) => runner.progress(name).reached(position, patience)));
};

const asKept = ({ status, headers = {}, body }: Answer) => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

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
  { log }: Pick<Services, 'log'>,
): void => {
  const requestId = requestIdOf(response);
  const problem = problemOf(error);
  if (problem.status >= 500)
    log.error(
      { err: error, requestId, method: request.method, path: request.path },
      'request failed',
    );
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, headers, body } = asKept(problemAnswer(problem, request, requestId));
  response.status(status).set(headers).send(body);
};

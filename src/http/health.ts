import type { RequestHandler } from 'express';
import { Problem } from './problem.js';
import { sendProblem } from './serve-route.js';
import type { Services } from './services.js';

/** Answers while the process runs. */
export const healthz: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};

/** Answers 200 while both stores do, 503 otherwise. */
export const readyz =
  (services: Services): RequestHandler =>
  async (request, response) => {
    try {
      await ready(services);
      response.json({ status: 'ready' });
    } catch (error) {
      sendProblem(error, request, response, services);
    }
  };

/** Whether both stores answer. @throws Problem naming the one that does not */
const ready = async ({ store, collections }: Services): Promise<void> => {
  const timeLimit = 3_000;
  const answers = async (name: string, asked: Promise<unknown>) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), timeLimit);
    });
    await Promise.race([asked, late])
      .catch(() => {
        throw new Problem('store-unavailable', `${name} does not answer`);
      })
      .finally(() => clearTimeout(timer));
  };
  await answers('the event store', store.head());
  await answers('the database', collections.streams.findOne({ _id: '' }));
};

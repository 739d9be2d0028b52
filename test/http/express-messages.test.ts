import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, it } from '@jest/globals';
import express from 'express';
import { messagesOfNode, takeOver } from '../../src/http/express-messages.js';
import { closeServer, listen, urlOf } from '../../src/http/listen.js';

const messages = messagesOfNode();
let serve: RequestListener = (_, response) => response.end('not yet');
const server = createServer({ ...messages }, (request, response) => serve(request, response));
afterEach(() => closeServer(server, 0));

it('requests and answers are of the application from the first, and are altered no more', async () => {
  await listen(server, 0, '127.0.0.1');
  expect(await (await fetch(urlOf(server))).text()).toBe('not yet');

  const app = express();
  app.get('/:thing', (request, response) => {
    const isAltered = (thing: object, made: object) => Object.getPrototypeOf(thing) !== made;
    response.status(201).json({
      altered: [
        isAltered(request, messages.IncomingMessage.prototype),
        isAltered(response, messages.ServerResponse.prototype),
      ],
      isOfApp: request.app === app && response.app === app,
      ...{ thing: request.params.thing, query: request.query, accepts: request.accepts('json') },
    });
  });
  takeOver(app, messages);
  serve = app;

  const answered = await fetch(`${urlOf(server)}/a?b=c`);
  expect(answered.status).toBe(201);
  expect(await answered.json()).toEqual({
    ...{ altered: [false, false], isOfApp: true },
    ...{ thing: 'a', query: { b: 'c' }, accepts: 'json' },
  });
});

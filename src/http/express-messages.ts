import { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express } from 'express';

/** The classes that a server makes its requests and answers of, as `createServer` takes them. */
export type Messages = Readonly<{
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse<IncomingMessage>;
}>;

/** Makes classes for one server: they are Node's until an application takes them over. */
export const messagesOfNode = (): Messages => ({
  IncomingMessage: class extends IncomingMessage {},
  ServerResponse: class extends ServerResponse<IncomingMessage> {},
});

/**
 * Has an application serve requests of these classes as they are. Express gives each request and each answer the
 * prototype of its own, and an object whose prototype was changed is slow from then on in all that Node does
 * with it: that took two to three times as long as Node takes for the whole of a short request. Made with that prototype, they are not
 * changed.
 */
export const takeOver = (app: Express, messages: Messages): void => {
  const { IncomingMessage: Request, ServerResponse: Response } = messages;
  for (const [made, own] of [
    [Request.prototype, express.request],
    [Response.prototype, express.response],
  ] as const) {
    Object.setPrototypeOf(made, own);
    Object.assign(made, { app });
  }
  Object.assign(app, { request: Request.prototype, response: Response.prototype });
};

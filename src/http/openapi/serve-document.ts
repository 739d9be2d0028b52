import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Route } from '../route.js';
import { openApiDocument } from './document.js';

type Published = Readonly<{ text: string; tag: string }>;

/** Answers with the document of the API, made when it is first asked for. */
export const serveDocument = (routes: readonly Route[], version: string): RequestHandler => {
  let published: Promise<Published> | undefined;
  return async (_request, response, next) => {
    published ??= publish(routes, version);
    try {
      const { text, tag } = await published;
      // Checked each time, which costs no body: another release may say something else.
      response.set({ ETag: tag, 'Cache-Control': 'no-cache' }).type('json').send(text);
    } catch (error) {
      next(error);
    }
  };
};

const publish = async (routes: readonly Route[], version: string): Promise<Published> => {
  const text = JSON.stringify(await openApiDocument(routes, version));
  const hash = createHash('sha256').update(text).digest('base64url');
  return { text, tag: `"${hash.slice(0, 27)}"` };
};

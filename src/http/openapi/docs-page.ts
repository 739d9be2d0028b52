import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { Problem } from '../problem.js';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Forkline API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** A file of its own, for no script may stand in a page. */
const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  displayRequestDuration: true,
});
`;

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const refuseOtherMethods: RequestHandler = () => {
  throw new Problem('method-not-allowed', undefined, {}, { Allow: 'GET, HEAD' });
};

/** Serves the document of the API as a page, with nothing in it from another host. */
export const docsPage = (): RequestHandler => {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const router = Router({ strict: true });
  // Also where the server is reached without TLS, its own scripts have to load.
  router.use(helmet.contentSecurityPolicy({ directives: { upgradeInsecureRequests: null } }));
  const serve = (path: string, answer: RequestHandler) =>
    router.route(path).get(answer).all(refuseOtherMethods);
  serve('/', (_request, response) => {
    response.type('html').send(page);
  });
  serve('/start.js', (_request, response) => {
    response.type('js').send(start);
  });
  for (const name of assets)
    serve(`/${name}`, (_request, response) => {
      response.sendFile(join(folder, name), { maxAge: '1d' });
    });
  return router;
};

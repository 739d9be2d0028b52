import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { pages, textOf, tutorial } from '../deployment/repository.js';
import { carriedOut, contractAt } from '../support/contract.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { quick } from '../webhooks/support/hooks.js';
import { type Api, apiOf } from './support/api.js';
import { createSession } from './support/making.js';
import { roundsOf } from './support/rounds.js';

let folder: string;
let stores: SharedStores;
let program: Program;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  program = await startProgram(folder, { ...stores.settings, ...quick, LOG_LEVEL: 'silent' });
});
afterAll(async () => {
  await program.stop();
  await stores.stop();
  await removeFolder(folder);
});

// Without a name: an administrator, who may call everything.
const api: Api = apiOf(() => program.url);
const rounds = roundsOf(api, {
  url: () => program.url,
  eventStoreUrl: () => stores.eventStoreUrl,
});

/** What cannot be asked for with a plain request, and where it is tested. */
const elsewhere = ['openFeed'];

describe('the document of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { document } = await contractAt(program.url);
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(JSON.stringify(document)))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it.each(Object.keys(rounds))('says what is answered when %s are walked through', (name) =>
    rounds[name]!(),
  );

  it('has no operation that was not walked through', async () => {
    const { operations } = await contractAt(program.url);
    const left = operations
      .map(({ operationId }) => operationId)
      .filter((id) => !carriedOut.has(id) && !elsewhere.includes(id));
    expect(left).toEqual([]);
  });

  it('names each operation once', async () => {
    const { operations } = await contractAt(program.url);
    const ids = operations.map(({ operationId }) => operationId);
    expect([...new Set(ids)]).toEqual(ids);
  });

  it('has every endpoint that pages name', async () => {
    const { document } = await contractAt(program.url);
    const endpoints = Object.entries(document.paths).map(([path, methods]) => ({
      path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      methods: Object.keys(methods),
    }));
    const isThere = (method: string, path: string) =>
      endpoints.some((each) => each.path.test(path) && each.methods.includes(method.toLowerCase()));
    const named = pages
      .filter((page) => page !== tutorial)
      .flatMap((page) => [...textOf(page).matchAll(/\b(GET|POST|PATCH|DELETE) (\/v1[\w/:-]*)/g)]);
    expect(named.length).toBeGreaterThan(50);
    const missing = named.filter(([, method = '', path = '']) => !isThere(method, path));
    expect(missing.map(([endpoint]) => endpoint)).toEqual([]);
  });

  it('is strict: an answer with another field, another status or without a header is none of it', async () => {
    const contract = await contractAt(program.url);
    const { id, position } = await createSession(api);
    const path = `/v1/sessions/${id}`;
    const { status, headers, text } = await api.get(`${path}?after=${position}`);
    expect(status).toBe(200);
    const exchange = { method: 'GET', path, status, headers, text };
    expect(contract.flawIn(exchange)).toBeUndefined();
    const grown = JSON.stringify({ ...JSON.parse(text), extra: 1 });
    expect(contract.flawIn({ ...exchange, text: grown })).toMatch(/additional properties/);
    expect(contract.flawIn({ ...exchange, status: 202 })).toMatch(/status 202/);
    const bare = new Headers({ 'content-type': 'application/json' });
    expect(contract.flawIn({ ...exchange, headers: bare })).toMatch(/X-Request-Id is missing/);
    expect(contract.flawIn({ ...exchange, path: '/v1/nowhere' })).toMatch(/not in the document/);
  });

  it('is answered with 304 to who has it', async () => {
    const { headers } = await api.get('/openapi.json');
    const again = await api.get('/openapi.json', {
      'If-None-Match': headers.get('etag') ?? '',
      // Otherwise fetch asks for all of it.
      'Cache-Control': 'max-age=0',
    });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('is a page with nothing from elsewhere', async () => {
    const { text, headers } = await api.get('/docs');
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'self'.*script-src 'self';/,
    );
    const sources = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources.length).toBeGreaterThan(2);
    for (const source of sources) {
      expect(source).toMatch(/^\/docs\//);
      expect((await fetch(program.url + source)).status).toBe(200);
    }
  });
});

describe('while the stores are away', () => {
  const portOf = (url: string) => Number(/:(\d+)/.exec(url.slice(url.indexOf('//')))?.[1]);

  it('everything says so and when to come back, and goes on once they are there, without a restart', async () => {
    const ports = { eventStore: portOf(stores.eventStoreUrl), mongo: portOf(stores.mongoUrl) };
    await stores.stop();
    const asked = [
      await api.post('/v1/sessions', {}),
      await api.get('/v1/sessions'),
      await api.post('/v1/executions', {}, { 'Idempotency-Key': 'while-away' }),
      await api.get('/readyz'),
    ];
    for (const { status, headers, body } of asked) {
      const { code } = body as { code: string };
      expect(['store-unavailable', 'not-ready']).toContain(code);
      expect({ status, after: headers.get('retry-after') }).toEqual({ status: 503, after: '1' });
    }
    expect((await api.get('/healthz')).status).toBe(200);
    stores = await startSharedStores(folder, ports);
    let created = await api.post('/v1/sessions', {});
    for (const until = Date.now() + 30_000; created.status === 503 && Date.now() < until; )
      created = await api.post('/v1/sessions', {});
    expect(created.status).toBe(201);
    const { id, position } = created.body;
    let found = await api.get(`/v1/sessions/${id}?after=${position}`);
    for (const until = Date.now() + 30_000; found.status >= 503 && Date.now() < until; )
      found = await api.get(`/v1/sessions/${id}?after=${position}`);
    expect(found.status).toBe(200);
  });
});

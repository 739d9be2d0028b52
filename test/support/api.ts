import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { expectInContract } from './contract.js';

export type Json = Record<string, any>;

/** Asks the API and gives the parsed answer, checked against the document of the API. @throws when it is not a success */
export const ask = async (url: string, path: string, init: RequestInit = {}): Promise<Json> => {
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  const { status, headers } = response;
  const { method = 'GET' } = init;
  await expectInContract(url, { method, path: path.split('?')[0] ?? path, status, headers, text });
  const body = JSON.parse(text) as Json;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
  return body;
};

export const send = (url: string, path: string, body: unknown): Promise<Json> =>
  ask(url, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Every item of a list, page by page. */
export const all = async (url: string, path: string): Promise<readonly Json[]> => {
  const items: Json[] = [];
  const joiner = path.includes('?') ? '&' : '?';
  for (let cursor: string | null = null; ; ) {
    const page: Json = await ask(
      url,
      `${path}${joiner}limit=500${cursor ? `&cursor=${cursor}` : ''}`,
    );
    items.push(...page.items);
    cursor = page.next;
    if (cursor === null) return items;
  }
};

/** Imports a file and gives the lines of the answer. */
export async function* importLines(url: string, file: string): AsyncGenerator<Json> {
  const response = await fetch(`${url}/v1/sessions/import?name=${basename(file)}`, {
    method: 'POST',
    headers: { accept: 'application/x-ndjson' },
    body: Readable.toWeb(createReadStream(file)) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  const lines = createInterface({ input: Readable.fromWeb(response.body as never) });
  for await (const line of lines) yield JSON.parse(line) as Json;
}

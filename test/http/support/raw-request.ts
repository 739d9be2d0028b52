import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

export type RawAnswer = Readonly<{
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}>;

/** Sends a request with headers that fetch does not let anybody set, such as Host and Origin. */
export const rawRequest = (
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, async (response) => {
      const { statusCode: status, headers: fields } = response;
      resolve({ status, headers: fields, body: await text(response) });
    });
    sent.on('error', reject).end(body);
  });

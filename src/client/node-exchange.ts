import { request as requestOverHttp } from 'node:http';
import { request as requestOverHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Exchange } from './transport.js';

/**
 * Exchanges a request for its whole answer by Node's own client, on connections that are kept: for the short
 * ones of which most are, `fetch` takes about four times as much of the processor. A redirection is left to `fetch`.
 */
export const exchangeOverNode: Exchange = (address, init) =>
  new Promise((resolve, reject) => {
    const { method, headers, body, signal } = init;
    const request = address.protocol === 'https:' ? requestOverHttps : requestOverHttp;
    const failed = (error: unknown) => reject(signal?.aborted ? signal.reason : error);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { method, headers: { ...headers, ...length }, ...(signal && { signal }) };
    const asked = request(address, options, (response) => {
      const { statusCode: status = 0 } = response;
      if (status >= 300 && status < 400) {
        response.resume();
        return resolve(fetch(address, init));
      }
      text(response).then((whole) => {
        resolve({
          ok: status >= 200 && status < 300,
          status,
          url: address.href,
          headers: { get: (name) => response.headers[name.toLowerCase()]?.toString() ?? null },
          text: async () => whole,
        });
      }, failed);
    });
    asked.on('error', failed);
    asked.end(body);
  });

import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

/**
 * Posts JSON over a connection that is kept: what is measured is the program, not its client.
 *
 * @throws when the answer is no success
 */
export const post = <Answer>(url: string, path: string, body: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    };
    const asked = request(url + path, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(answer) as Answer);
        else reject(new Error(`${path}: ${response.statusCode} ${answer}`));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });

import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

/** A plain request, which costs next to nothing here: what is measured is the program, not its client. */
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
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close a connection that was idle in the moment in which it is used again.
      if (asked.reusedSocket && error.code === 'ECONNRESET') resolve(post(url, path, body));
      else reject(error);
    });
    asked.end(text);
  });

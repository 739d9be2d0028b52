import { setTimeout as delay } from 'node:timers/promises';
import { v4 as newId } from 'uuid';

/** A write that was answered as done. */
export type Acknowledged = Readonly<{ sessionId: string; id: string; position: number }>;

/** What was answered, or not, to one request. */
export type Answered = Readonly<{ status: number; retryAfter: string | null; ms: number }>;

/** Callers who write and read what they have written, until they are told to stop. */
export type Load = Readonly<{
  acknowledged: readonly Acknowledged[];
  /** What reads that waited for a write of another node's did not show although they succeeded. */
  missed: readonly Acknowledged[];
  /** Requests that were neither done nor found to be wrong. */
  failed: readonly Answered[];
  /** Resolves once there were so many more writes. */
  more(writes: number): Promise<void>;
  stop(): Promise<void>;
}>;

type Item = Readonly<{ id: string }>;

/** How long a caller waits for an answer; no answer in this time counts as one of status 0. */
const patienceMs = 30_000;

/**
 * @param urls where the nodes are that serve at this moment; each caller writes to one of them and reads
 *   from another
 */
export const startLoad = (urls: () => readonly string[], callers = 4): Load => {
  const acknowledged: Acknowledged[] = [];
  const missed: Acknowledged[] = [];
  const failed: Answered[] = [];
  let isOver = false;

  const ask = async (n: number, path: string, body?: object): Promise<unknown> => {
    const nodes = urls();
    const url = nodes[n % nodes.length];
    const asked = performance.now();
    const request = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const response = await fetch(`${url}${path}`, { ...request, signal });
      const answer: unknown = await response.json();
      if (response.ok) return answer;
      const { status, headers } = response;
      failed.push({
        ...{ status, retryAfter: headers.get('retry-after') },
        ms: performance.now() - asked,
      });
    } catch {
      // A node that is killed answers no more: that is no answer of a node.
      if (urls().includes(url ?? ''))
        failed.push({ status: 0, retryAfter: null, ms: performance.now() - asked });
    }
    await delay(100);
    return undefined;
  };

  const write = async (n: number, path: string, sessionId: string, body: object) => {
    const written = (await ask(n, path, { ...body, id: newId() })) as
      | Readonly<{ id: string; position: string }>
      | undefined;
    if (!written) return undefined;
    const done = { sessionId, id: written.id, position: Number(written.position) };
    return done;
  };

  const call = async (n: number): Promise<void> => {
    while (!isOver) {
      const session = await write(n, '/v1/sessions', '', { title: `Caller ${n}` });
      if (!session) continue;
      const path = `/v1/sessions/${session.id}/messages`;
      for (let count = 0; count < 5 && !isOver; count++) {
        const message = await write(n, path, session.id, { role: 'user', content: `No ${count}` });
        if (!message) continue;
        acknowledged.push(message);
        const page = (await ask(n + 1, `${path}?limit=500&after=${message.position}`)) as
          | Readonly<{ items: readonly Item[] }>
          | undefined;
        await ask(n, '/v1/sessions?limit=1');
        if (page && !page.items.some(({ id }) => id === message.id)) missed.push(message);
      }
    }
  };

  const calls = Promise.all(Array.from({ length: callers }, (_, n) => call(n)));
  return {
    ...{ acknowledged, missed, failed },
    more: async (writes) => {
      const wanted = acknowledged.length + writes;
      while (acknowledged.length < wanted) await delay(5);
    },
    stop: async () => {
      isOver = true;
      await calls;
    },
  };
};

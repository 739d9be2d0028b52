import type { Api, Written } from './api.js';
import { bodyOf, createSession, postMessage } from './making.js';

/** A session of 30 events of many types: revisions 0 to 29. */
export const longSession = async (api: Api): Promise<Written> => {
  const { id, stream } = await createSession(api, { title: 'Long', metadata: { a: 1 } });
  const path = `/v1/sessions/${id}`;
  const messages: string[] = [];
  const post = async (content: string, role = 'user') => {
    const written = await postMessage(api, id, content, { role });
    messages.push(written.id);
    return written;
  };
  const of = (index: number) => `${path}/messages/${messages[index]}`;
  await bodyOf(api.post(`${path}/transitions`, { status: 'active' }));
  for (let n = 0; n < 5; n += 1) await post(`question ${n}`);
  await bodyOf(api.patch(of(0), { content: 'question 0, edited' }));
  await bodyOf(api.delete(of(1)));
  await post('answer', 'assistant');
  await bodyOf(api.post(`${path}/pause`, { reason: 'lunch' }));
  await bodyOf(api.patch(path, { title: 'Longer', metadata: { b: [1] }, archived: true }));
  await bodyOf(api.post(`${path}/resume`));
  await bodyOf(api.patch(of(0), { content: 'question 0, edited again' }));
  await bodyOf(api.delete(of(5)));
  for (let n = 5; n < 10; n += 1) await post(`question ${n}`);
  await bodyOf(api.delete(path));
  await bodyOf(api.post(`${path}/restore`));
  await bodyOf(api.patch(of(7), { content: 'question 6, edited' }));
  await bodyOf(api.delete(of(0)));
  await bodyOf(api.post(`${path}/transitions`, { status: 'processing' }));
  await bodyOf(api.patch(path, { archived: false }));
  await post('question 10');
  const last = await bodyOf(api.post(`${path}/transitions`, { status: 'completed' }));
  if (last.revision !== 29) throw new Error(`ended at revision ${last.revision}`);
  return { ...last, id, stream };
};

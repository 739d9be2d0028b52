import { removeFolder, startProgram, temporaryFolder } from '../../support/program.js';
import { textOf } from '../core/support/traffic.js';
import { post } from '../queue/post.js';
import { type Growth, growthOf } from './growth.js';

type Made = Readonly<{ id: string; stream: string; position: string }>;

const messages = 20;

/**
 * What forking and working in a fork cost with more and more forks of one parent, and with forks of
 * forks of forks, over HTTP in one program.
 *
 * @param widths numbers of forks that a parent has
 * @param depths how many forks lie between a stream and the first one
 */
export const forkGrowth = async (
  widths: readonly number[],
  depths: readonly number[],
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly Growth[]> => {
  const folder = await temporaryFolder();
  const program = await startProgram(folder);
  const { url } = program;
  const read = async (path: string): Promise<void> => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  const say = ({ id }: Made, n: number) =>
    post<Made>(url, `/v1/sessions/${id}/messages`, { role: 'user', content: textOf(n) });
  const fork = ({ stream }: Made, at: number) =>
    post<Made>(url, `/v1/streams/${stream}/forks`, { at });
  const begin = async (): Promise<Made> => {
    const session = await post<Made>(url, '/v1/sessions', { title: 'to be forked' });
    for (let n = 0; n < messages; n++) await say(session, n);
    return session;
  };

  const parents = new Map<number, Made>();
  for (const width of widths) {
    tell(`forking one session ${width} times …`);
    const parent = await begin();
    let begun = 0;
    const forker = async () => {
      while (begun++ < width) await fork(parent, messages / 2);
    };
    await Promise.all(Array.from({ length: 8 }, forker));
    parents.set(width, parent);
  }
  const deepest = new Map<number, Made>();
  for (const depth of depths) {
    tell(`forking ${depth} deep …`);
    let last = await begin();
    // Each has a message of its own, so that its history has as many parts as it has ancestors.
    for (let n = 1; n <= depth; n++) {
      last = await fork(last, messages + 2 * (n - 1));
      await say(last, n);
    }
    deepest.set(depth, last);
  }
  tell('measuring …');
  const wide = (width: number): Made => parents.get(width) as Made;
  const deep = (depth: number): Made => deepest.get(depth) as Made;
  const forkEnd = (depth: number): number => messages + 2 * depth;
  const found = [
    ...(await growthOf(
      'forks of one parent',
      widths,
      {
        fork: (width) => fork(wide(width), messages / 2),
        'post a message to the parent': (width, round) => say(wide(width), round),
      },
      rounds,
    )),
    ...(await growthOf(
      'depth of forks',
      depths,
      {
        fork: (depth) => fork(deep(depth), forkEnd(depth)),
        'state at the head': (depth) => read(`/v1/streams/${deep(depth).stream}/state`),
        'page of 50 messages': (depth) => read(`/v1/sessions/${deep(depth).id}/messages?limit=50`),
        'post a message': (depth, round) => say(deep(depth), round),
      },
      rounds,
    )),
  ];
  await program.stop();
  await removeFolder(folder);
  return found;
};

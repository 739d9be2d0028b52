import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Api, Written } from './support/api.js';
import { bodyOf, createSession, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';
import { submitTask } from './support/tasks.js';

const server = sharing();
const ann = server.as('ann');

type Kind = 'execution' | 'interrupt' | 'task';
type Step =
  | Readonly<{ what: 'message' }>
  | Readonly<{ what: 'begin'; kind: Kind }>
  /** Settles a child, or puts a cancelled task to work again. */
  | Readonly<{ what: 'move'; which: number }>;

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>({ what: 'message' }) },
    {
      weight: 4,
      arbitrary: fc
        .constantFrom<Kind>('execution', 'interrupt', 'task')
        .map((kind): Step => ({ what: 'begin', kind })),
    },
    { weight: 4, arbitrary: fc.nat(100).map((which): Step => ({ what: 'move', which })) },
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);

/** A child as a naive model has it: every move of it is one event. */
type Child = { readonly stream: string; readonly kind: Kind; isOpen: boolean; revision: number };

const begin = (api: Api, kind: Kind, sessionId: string): Promise<Written> => {
  if (kind === 'execution') return startExecution(api, { sessionId, input: null });
  if (kind === 'task') return submitTask(api, 'trees of any shape', { sessionId });
  return bodyOf(
    api.post('/v1/interrupts', { kind: 'checkpoint', requestId: 'r', sessionId, message: 'Look' }),
  );
};

const settled: Readonly<Record<Kind, string>> = {
  execution: 'complete',
  interrupt: 'cancel',
  task: 'cancel',
};

/** @returns whether it moved: only a task does so again */
const move = async (api: Api, { kind, stream, isOpen }: Child): Promise<boolean> => {
  if (!isOpen && kind !== 'task') return false;
  const id = stream.slice(kind.length + 1);
  await bodyOf(api.post(`/v1/${kind}s/${id}/${isOpen ? settled[kind] : 'retry'}`, {}));
  return true;
};

type Origin = Readonly<{ stream: string; revision: number }>;

const openAmong = (children: readonly Child[]): readonly Origin[] =>
  children.filter(({ isOpen }) => isOpen).map(({ stream, revision }) => ({ stream, revision }));

const sorted = (origins: readonly Origin[]) =>
  [...origins].sort((a, b) => (a.stream < b.stream ? -1 : 1));

it('takes along what a naive model has as open, at the revisions it has', async () => {
  let taken = 0;
  const property = fc.asyncProperty(steps, async (life) => {
    const session = await createSession(ann);
    const children: Child[] = [];
    const openAt: (readonly Origin[])[] = [[]];
    for (const step of life) {
      if (step.what === 'message') {
        await postMessage(ann, session.id, 'so far');
        openAt.push(openAmong(children));
      } else if (step.what === 'begin') {
        const { stream } = await begin(ann, step.kind, session.id);
        children.push({ stream, kind: step.kind, isOpen: true, revision: 0 });
      } else {
        const child = children[step.which % Math.max(1, children.length)];
        if (!child || !(await move(ann, child))) continue;
        child.isOpen = !child.isOpen;
        child.revision += 1;
      }
    }
    for (const [at, open] of openAt.entries()) {
      const tree = await bodyOf(
        ann.post<Readonly<{ children: readonly Readonly<{ forkedFrom: Origin }>[] }>>(
          `/v1/streams/${session.stream}/forks`,
          { at, scope: 'tree' },
        ),
      );
      const origins = tree.children.map(({ forkedFrom }) => forkedFrom);
      expect(sorted(origins)).toEqual(sorted(open));
      taken += origins.length;
    }
  });
  await fc.assert(property, { numRuns: 8, interruptAfterTimeLimit: 60_000 });
  expect(taken).toBeGreaterThan(0);
}, 120_000);

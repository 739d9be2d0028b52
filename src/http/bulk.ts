import type { RequestContext } from './context.js';
import type { Problem } from './problem.js';
import { problemOf } from './problem-of.js';
import type { Answer } from './route.js';

/** The most that one request may ask for. */
export const mostItems = 500;

/** How many are under way at a time: enough for the event store to write many at once. */
const atOnce = 128;

/** What came of one item of a bulk request: what it would have been answered by itself. */
export type BulkOutcome = Readonly<{ status: number; body: unknown; passing: boolean }>;

/** Carries out the items of a bulk request side by side. A refusal of one is its outcome, and no matter of the others. */
export const eachOf = async <Item>(
  items: readonly Item[],
  { command: { requestId }, refused }: RequestContext,
  path: string,
  work: (item: Item, index: number) => Promise<Answer>,
): Promise<readonly BulkOutcome[]> => {
  const outcomes: BulkOutcome[] = [];
  let notFound: Problem | undefined;
  const left = items.entries();
  const one = async (item: Item, index: number): Promise<BulkOutcome> => {
    try {
      const { status, body } = await work(item, index);
      return { status, body, passing: false };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 500) throw error;
      const { status, code } = problem;
      if (status === 404) notFound = problem;
      const passing = status > 500 || code === 'revision-conflict';
      return { status, body: problem.document(path, requestId), passing };
    }
  };
  const worker = async () => {
    for (const [index, item] of left) outcomes[index] = await one(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (notFound) refused?.(notFound);
  return outcomes;
};

/** The answer to a bulk request: an outcome for each item, in their order, and what else there is to say. */
export const bulkAnswer = (outcomes: readonly BulkOutcome[], more: object = {}): Answer => ({
  status: 200,
  body: { items: outcomes.map(({ status, body }) => ({ status, body })), ...more },
  // Repeated under the same key, what could not be done now is done then.
  passing: outcomes.some(({ passing }) => passing),
});

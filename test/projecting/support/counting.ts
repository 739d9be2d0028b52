import type { Fact } from '../../../src/domain/decider.js';
import type {
  AnyProjection,
  FromStream,
  Projected,
  Projection,
} from '../../../src/projecting/projection.js';

type Counted = Fact<'Counted', { n: number; key: string }>;
type CountDocument = FromStream & Readonly<{ numbers: readonly number[] }>;

/** A fault that a projection has until it is mended: the numbers it cannot bear. */
export type Fault = { numbers: readonly number[]; why?: () => Error };

const fail = ({ numbers, why }: Fault, { data }: Projected<Counted>): void => {
  if (numbers.includes(data.n)) throw why?.() ?? new Error(`${data.n} is too much`);
};

/** A document for each key of a stream, with the numbers that were counted under it. */
export const counts = (
  category: string,
  fault: Fault,
  over: Partial<AnyProjection> = {},
): AnyProjection => {
  const projection: Projection<CountDocument, Counted> = {
    name: 'counts',
    version: 1,
    category,
    indexes: [{ key: { stream: 1 } }],
    key: ({ stream, data }) => `${stream}/${data.key}`,
    on: {
      Counted: (document, event) => {
        fail(fault, event);
        const { stream, data } = event;
        return { stream, numbers: [...(document?.numbers ?? []), data.n] };
      },
    },
  };
  return { ...(projection as unknown as AnyProjection), ...over };
};

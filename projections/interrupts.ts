import type { Fact } from '../src/domain/decider.js';
import type { InterruptEvent, InterruptStatus, Raised, Response } from '../src/domain/interrupt.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { type Descent, descentOf } from './descent.js';
import { without } from './without.js';

export type InterruptDocument = Readonly<
  Raised & {
    stream: string;
    id: string;
    status: InterruptStatus;
    response?: Response;
    respondedBy?: string;
    reason?: string;
    createdAt: string;
    updatedAt: string;
    /** When it was answered, cancelled or too late. */
    settledAt?: string;
    revision: number;
  }
> &
  Partial<Descent>;

const settled =
  (status: InterruptStatus) =>
  (
    document: InterruptDocument | undefined,
    { data, created, revision }: Projected<Fact<string, object>>,
  ) =>
    document && {
      ...document,
      ...data,
      status,
      ...{ settledAt: created, updatedAt: created, revision },
    };

/** One document an interrupt: what lists of interrupts show. */
export const interrupts: Projection<InterruptDocument, InterruptEvent> = {
  name: 'interrupts',
  version: 1,
  category: 'interrupt',
  inherits: true,
  indexes: [
    { key: { userId: 1, updatedAt: -1, _id: -1 } },
    { key: { userId: 1, status: 1, updatedAt: -1, _id: -1 } },
    { key: { status: 1, updatedAt: -1, _id: -1 } },
    { key: { kind: 1, updatedAt: -1, _id: -1 } },
    { key: { sessionId: 1, updatedAt: -1, _id: -1 } },
    { key: { requestId: 1, updatedAt: -1, _id: -1 } },
    { key: { executionId: 1, updatedAt: -1, _id: -1 } },
    { key: { updatedAt: -1, _id: -1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'InterruptRaised',
  on: {
    InterruptRaised: (_, { data, stream, created, revision }) => ({
      ...{ stream, id: idOf(stream) },
      ...data,
      status: 'pending',
      ...{ createdAt: created, updatedAt: created, revision },
    }),
    InterruptResolved: settled('resolved'),
    InterruptCancelled: settled('cancelled'),
    InterruptExpired: settled('expired'),
    StreamForked: (_, { data, inherited, stream, created, revision }) =>
      inherited && {
        // What an ancestor of an interrupt was is an interrupt's document.
        ...without(inherited as InterruptDocument, 'ttlSeconds', 'expiresAt'),
        ...{ stream, id: idOf(stream) },
        ...{ createdAt: created, updatedAt: created },
        ...descentOf(data.ancestry),
        revision,
      },
  },
};

const idOf = (stream: string): string => stream.slice('interrupt-'.length);

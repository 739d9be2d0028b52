import type { Fact } from '../src/domain/decider.js';
import { adoptionIn, detached } from '../src/domain/fork.js';
import type { InterruptEvent, InterruptStatus, Raised, Response } from '../src/domain/interrupt.js';
import { withFields, without } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { createdAs, type Descent, descentOf, type OpenSpan } from './descent.js';

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
  OpenSpan &
  Partial<Descent>;

const settled =
  (status: InterruptStatus) =>
  (
    document: InterruptDocument | undefined,
    { data, created, revision, position }: Projected<Fact<string, object>>,
  ) =>
    document &&
    withFields(document, data, {
      status,
      settledAt: created,
      updatedAt: created,
      revision,
      settledPosition: position,
    });

/** One document an interrupt: what lists of interrupts show. */
export const interrupts: Projection<InterruptDocument, InterruptEvent> = {
  name: 'interrupts',
  version: 2,
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
    { key: { sessionId: 1, settledPosition: 1, createdPosition: 1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'InterruptRaised',
  on: {
    InterruptRaised: (_, { data, stream, created, revision, position }) => ({
      stream,
      id: idOf(stream),
      ...data,
      status: 'pending',
      createdAt: created,
      updatedAt: created,
      revision,
      createdPosition: position,
    }),
    InterruptResolved: settled('resolved'),
    InterruptCancelled: settled('cancelled'),
    InterruptExpired: settled('expired'),
    StreamDetached: (document, { created, revision }) =>
      document && withFields(document, detached(document), { updatedAt: created, revision }),
    StreamForked: (_, event) => {
      const { data, stream, created, revision } = event;
      // What an ancestor of an interrupt was is an interrupt's document.
      const ancestor = event.inherited as InterruptDocument | undefined;
      if (!ancestor) return undefined;
      const { ttlSeconds } = ancestor;
      const { expiresAt } = data;
      return {
        ...without(ancestor, 'ttlSeconds', 'expiresAt'),
        ...(ttlSeconds !== undefined && expiresAt !== undefined && { ttlSeconds, expiresAt }),
        ...adoptionIn(data),
        stream,
        id: idOf(stream),
        createdAt: created,
        updatedAt: created,
        revision,
        ...createdAs(event),
        ...descentOf(data.ancestry),
      };
    },
  },
};

const idOf = (stream: string): string => stream.slice('interrupt-'.length);

import {
  type InterruptKind,
  interruptKinds,
  type ResponseField,
  responseFields,
} from './interrupt.js';

/** What interrupts of a kind are like, unless settings say otherwise. */
export type KindSettings = Readonly<{
  /** How long one waits; null for as long as it takes. */
  ttlSeconds: number | null;
  /** The sorts of answer it takes. */
  responses: readonly ResponseField[];
  /** Whether an answer has to be one of those. */
  requiresResponse: boolean;
  /** What the feed calls its being raised. */
  topic: string;
}>;

export type InterruptKinds = Readonly<Record<InterruptKind, KindSettings>>;

const minute = 60;
const hour = 60 * minute;

/** Something to be settled by a person or a program, in whatever way: nothing is asked for. */
const notice = (ttlSeconds: number | null, topic: string): KindSettings => ({
  ttlSeconds,
  topic,
  responses: responseFields,
  requiresResponse: false,
});

const defaultKinds: InterruptKinds = {
  clarification: {
    ttlSeconds: 24 * hour,
    topic: 'interrupt.clarification_needed',
    responses: ['text'],
    requiresResponse: true,
  },
  confirmation: {
    ttlSeconds: hour,
    topic: 'interrupt.confirmation_needed',
    responses: ['approved'],
    requiresResponse: true,
  },
  agent_review: {
    ttlSeconds: 30 * minute,
    topic: 'interrupt.agent_review',
    responses: ['decision'],
    requiresResponse: true,
  },
  checkpoint: notice(null, 'interrupt.checkpoint'),
  resource_exhausted: notice(5 * minute, 'interrupt.resource_exhausted'),
  timeout: notice(5 * minute, 'interrupt.timeout'),
  system_error: notice(hour, 'interrupt.system_error'),
};

/** The defaults, with what was set instead for some of the kinds. */
export const kindsWith = (
  changes: Readonly<Partial<Record<InterruptKind, Partial<KindSettings>>>>,
): InterruptKinds =>
  Object.fromEntries(
    interruptKinds.map((kind) => [kind, { ...defaultKinds[kind], ...changes[kind] }]),
    // Object.fromEntries forgets which keys there were.
  ) as InterruptKinds;

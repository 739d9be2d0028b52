import type { PageQuery, Written } from './types.js';

export type NewWebhook = Readonly<{
  id?: string;
  url: string;
  /** Topics, each in full or ending in `*`. */
  topics: readonly string[];
  /** `whsec_` and base64 of 24 to 64 bytes; the server makes one when absent. */
  secret?: string;
}>;

export type Webhook = Readonly<{
  id: string;
  userId: string;
  url: string;
  topics: readonly string[];
  status: 'active' | 'disabled';
  /** Why it is disabled. */
  reason?: string;
  createdAt: string;
  updatedAt: string;
  revision: number;
}>;

/** The secret is answered here and never again. */
export type WebhookRegistered = Written & Readonly<{ secret: string }>;

/** `previousUntil` is until when the secret before signs along. */
export type WebhookSecretRotated = WebhookRegistered & Readonly<{ previousUntil: string }>;

export type DeliveryStatus = 'pending' | 'succeeded' | 'parked';

export type DeliveryAttempt = Readonly<{
  at: string;
  durationMs: number;
  /** Of the answer, if there was one. */
  status?: number;
  error?: string;
  /** How the answer's body began. */
  response?: string;
}>;

export type Delivery = Readonly<{
  /** The `webhook-id` header. */
  id: string;
  webhookId: string;
  status: DeliveryStatus;
  topic: string;
  event: Readonly<{ id: string; type: string; stream: string; revision: number; position: string }>;
  attempts: readonly DeliveryAttempt[];
  nextAttemptAt: string | null;
  /** Why it is parked. */
  reason?: string;
  createdAt: string;
}>;

export type DeliveryQuery = PageQuery & Readonly<{ status?: DeliveryStatus }>;

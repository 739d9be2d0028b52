import { randomBytes } from 'node:crypto';
import { eventId } from '../../commands/event-id.js';
import { type Outcome, RevisionMismatch } from '../../commands/request.js';
import { isRejection, type Rejection } from '../../domain/decider.js';
import type { WebhookRejection } from '../../domain/webhook.js';
import { secretPrefix } from '../../domain/webhook-secret.js';
import type { WebhookSecrets } from '../../queries/webhook-secrets.js';
import { Problem } from '../problem.js';

/** A secret that a command brings to a webhook. */
export type BroughtSecret = Readonly<{
  webhookId: string;
  commandId: string;
  /** Made here when absent. */
  secret: string | undefined;
}>;

type Carried = Outcome | Rejection<WebhookRejection>;

/**
 * Keeps a secret, and then carries out the command that refers to it, so that a webhook is never
 * without its secret. The reference is made from the command: carried out again, it finds the same
 * secret.
 *
 * @returns the outcome, and the secret that is kept
 */
export const bringingSecret = async <Result extends Carried>(
  secrets: WebhookSecrets,
  { webhookId, commandId, secret }: BroughtSecret,
  act: (secretRef: string) => Promise<Result>,
): Promise<Readonly<{ outcome: Result; secret: string }>> => {
  const secretRef = eventId(commandId, -1);
  const kept = await secrets.keep(secretRef, webhookId, secret ?? newSecret());
  try {
    const outcome = await act(secretRef);
    if (isRejection(outcome)) await secrets.forget(secretRef);
    return { outcome, secret: kept };
  } catch (error) {
    // Only where it is certain that no event refers to it.
    if (error instanceof RevisionMismatch || error instanceof Problem)
      await secrets.forget(secretRef);
    throw error;
  }
};

const newSecret = (): string => secretPrefix + randomBytes(32).toString('base64');

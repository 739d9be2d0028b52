import fc from 'fast-check';
import type { WebhookCommand } from '../../src/domain/webhook.js';

const ref = fc.constantFrom('ref-1', 'ref-2', 'ref-3', 'ref-4', 'ref-5', 'ref-6', 'ref-7');
const moment = fc.constantFrom(...[1, 2, 3].map((day) => `2026-01-0${day}T12:00:00.000Z`));

const register: fc.Arbitrary<WebhookCommand> = fc.record({
  type: fc.constant('RegisterWebhook'),
  userId: fc.constantFrom('ann', 'ann', 'bob'),
  everyone: fc.constant(false),
  url: fc.constant('https://example.com/hook'),
  topics: fc.constant(['chat.*']),
  secretRef: ref,
});

/** What may happen to a webhook. */
export const webhookLives: fc.Arbitrary<readonly WebhookCommand[]> = fc
  .tuple(
    register,
    fc.array(
      fc.oneof(
        register,
        {
          weight: 4,
          arbitrary: fc.record({
            type: fc.constant('RotateWebhookSecret' as const),
            secretRef: ref,
            previousUntil: moment,
            at: moment,
          }),
        },
        fc.constantFrom<WebhookCommand>(
          { type: 'DisableWebhook', reason: 'gone' },
          { type: 'EnableWebhook' },
          { type: 'EnableWebhook' },
        ),
        { weight: 1, arbitrary: fc.constant<WebhookCommand>({ type: 'RemoveWebhook' }) },
      ),
      { maxLength: 30, size: 'max' },
    ),
  )
  .map(([first, others]) => [first, ...others]);

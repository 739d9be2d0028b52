import { z } from 'zod';
import { eventId } from '../../commands/event-id.js';
import type { CommandRequest } from '../../commands/request.js';
import type { Category } from '../../domain/deciders.js';
import type { Moment } from '../../domain/time.js';
import { given } from '../../fields.js';
import { malformedParts } from '../malformed-parts.js';
import { publishedAs } from '../published.js';
import { id, json, metadata, reason, text } from '../schema.js';
import { checkpointFields } from './checkpoint-schema.js';
import { responseFields } from './interrupt-schema.js';
import { content, messageFields } from './message-schema.js';

const command = <Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) =>
  z.strictObject({ type: z.literal(type), ...fields });

const sessionAmendment = z.discriminatedUnion('type', [
  command('ChangeSession', {
    title: text.optional(),
    archived: z.boolean().optional(),
    metadata: metadata.optional(),
  }),
  command('ResumeSession', {}),
  command('PauseSession', { reason: reason.optional() }),
  command('MoveSession', {
    status: z.enum(['active', 'processing', 'completed', 'failed']),
    reason: reason.optional(),
  }),
  command('PostMessage', { messageId: id.optional(), ...messageFields }),
  command('EditMessage', { messageId: id, content }),
  command('DeleteMessage', { messageId: id }),
]);

const executionAmendment = z.discriminatedUnion('type', [
  command('SaveCheckpoint', { checkpointId: id.optional(), ...checkpointFields }),
  command('CompleteExecution', { output: json.optional() }),
  command('FailExecution', { error: z.string().max(20_000) }),
  command('CancelExecution', { reason: reason.optional() }),
  command('ResumeExecution', {}),
]);

const taskAmendment = z.discriminatedUnion('type', [
  command('RetryTask', {}),
  command('CancelTask', { reason: reason.optional() }),
]);

const interruptAmendment = z.discriminatedUnion('type', [
  command('RespondToInterrupt', responseFields),
  command('CancelInterrupt', { reason: reason.optional() }),
]);

/** What a worker is, it says itself: there is nothing to amend. */
const workerAmendment = z.never('a worker takes no amendments');

/** Webhooks are not forked. */
const webhookAmendment = z.never('a webhook takes no amendments');

const schemas = {
  session: sessionAmendment,
  execution: executionAmendment,
  interrupt: interruptAmendment,
  task: taskAmendment,
  worker: workerAmendment,
  webhook: webhookAmendment,
};

/** An amendment of a stream of any category: of which, is known once it is known what is forked. */
export const amendment = publishedAs(
  z.unknown(),
  z.union([sessionAmendment, executionAmendment, taskAmendment, interruptAmendment]),
);

/**
 * The commands that amend a fork, checked for the category of its stream. What they create is given
 * ids derived from the command, so that forking again under the same command id is the same fork.
 *
 * @param at the moment at which they are asked for
 * @throws Problem when they are not commands of the category
 */
export const amendmentsOf = (
  category: Category,
  amendments: readonly unknown[],
  { commandId, caller }: Pick<CommandRequest, 'commandId' | 'caller'>,
  at: Moment,
): readonly object[] =>
  amendments.map((amendment, index) => {
    const { success, data, error } = schemas[category].safeParse(amendment);
    if (!success) throw malformedParts(error, 'amendments', ['amendments', index]);
    const created = eventId(commandId, -1 - index);
    if (data.type === 'PostMessage')
      return { ...given(data), messageId: data.messageId ?? created };
    if (data.type === 'SaveCheckpoint')
      return { ...given(data), checkpointId: data.checkpointId ?? created };
    if (data.type === 'RespondToInterrupt') {
      const { type, ...response } = data;
      return { type, response: given(response), respondedBy: caller.userId, at };
    }
    if (data.type === 'ResumeExecution') return { ...data, taskId: created };
    return given(data);
  });

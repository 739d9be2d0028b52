import { z } from 'zod';
import { isObject, type JsonObject, type JsonValue } from '../../domain/json.js';
import { dialogueSteps } from '../dialogue-steps.js';
import { textOf, titleFrom } from '../excerpt.js';
import { fieldsOf } from '../fields.js';
import { isList, isText } from '../json.js';
import { beginningOf, EXCERPT, unknownFields } from '../limits.js';
import { readMessage } from '../recorded-message.js';
import type { RecordedMessage, RecordedOutcome } from '../recorded-run.js';
import { checked } from './checked.js';
import { type FormatReader, recordingMetadata, titleOfFile } from './format-reader.js';
import { messageWithRole } from './schema.js';

const conversation = z.looseObject({ messages: z.array(messageWithRole) });

const isMessage = (value: JsonValue | undefined) => isObject(value) && isText(value.role);

/** Whether a value is one message of a chat, so that a list of them is a conversation. */
export const isChatMessage = (value: JsonValue): boolean =>
  isMessage(value) && isObject(value) && !('messages' in value);

// A bare array of messages is the same run as an object with these messages and nothing else.
const asObject = (value: JsonValue): JsonValue => (isList(value) ? { messages: value } : value);

/** Conversations in the form of OpenAI's chat API: `{ messages: [...] }` or a bare array of messages. */
export const openaiMessages: FormatReader = {
  recognises: (value) => {
    const run = asObject(value);
    return isObject(run) && isList(run.messages) && run.messages.every(isMessage);
  },

  identity: asObject,

  read: (value, name, notes) => {
    const run = checked(conversation, asObject(value), 'openai-messages') as JsonObject & {
      messages: readonly JsonObject[];
    };
    const { messages: recorded, ...others } = run;
    const messages = recorded.map((message, index) =>
      readMessage(fieldsOf(message), {}, `messages[${index}]`, notes),
    );
    if (messages.length === 0) notes.add('the conversation has no messages');

    const fields = fieldsOf(others);
    const title = fields.text('title');
    const asked = messages.find(({ role }) => role === 'user');
    const rest = unknownFields(fields.rest(), 'the conversation', notes);
    return {
      title:
        titleFrom(title ?? '') ??
        titleFrom(asked ? textOf(asked) : '') ??
        titleOfFile(name) ??
        'Conversation',
      metadata: {
        ...recordingMetadata('openai-messages', name),
        ...(rest ? { recorded: rest } : {}),
      },
      mode: 'interactive',
      sessionStatus: 'active',
      messages,
      steps: dialogueSteps(messages),
      outcome: outcomeOf(messages),
    };
  },
};

// A conversation carries no outcome. One that ends with the assistant's word is over as a run; one
// that ends with a question or an unanswered tool call was broken off there.
const outcomeOf = (messages: readonly RecordedMessage[]): RecordedOutcome => {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || last.toolCalls) return { status: 'running' };
  return { status: 'completed', output: { answer: beginningOf(textOf(last), EXCERPT) } };
};

import type { JsonObject } from '../domain/json.js';
import { actionExcerpt, observationExcerpt, textOf } from './excerpt.js';
import { compact } from './json.js';
import { beginningOf } from './limits.js';
import type { RecordedMessage, RecordedStep } from './recorded-run.js';
import { callText, toolOf } from './tool-calls.js';
import { turnsOf } from './turns.js';

/**
 * The steps of a conversation with tools: one per assistant message, done when its tools have
 * answered. The state tells what was done last, how the tools fared and how much there was so far.
 */
export const dialogueSteps = (messages: readonly RecordedMessage[]): readonly RecordedStep[] => {
  let toolCalls = 0;
  let toolErrors = 0;
  return turnsOf(messages).map(({ message, answers, afterMessages }, index): RecordedStep => {
    const said = messages[message];
    const calls = said?.toolCalls ?? [];
    const answered = answers.flatMap((at) => messages[at] ?? []);
    const failed = answered.filter(isError);
    toolCalls += calls.length;
    toolErrors += failed.length;
    const action = calls.length > 0 ? calls.map(callText).join('\n') : said ? textOf(said) : '';
    return {
      agent: said?.name ?? 'main',
      stage: `step-${index + 1}`,
      stageOrder: index + 1,
      state: compact({
        step: index + 1,
        messages: afterMessages,
        lastAction: calls.length > 0 ? 'tool-call' : 'reply',
        tools:
          calls.length > 0
            ? calls.slice(0, 50).map((call) => beginningOf(toolOf(call), 200))
            : undefined,
        toolOutcome: outcomeOf(calls.length, answered.length, failed.length),
        toolCalls,
        toolErrors,
      }),
      outputs: {
        ...actionExcerpt(action),
        ...(answered.length > 0 ? observationExcerpt(answered.map(textOf).join('\n')) : {}),
      },
      ...(calls.length > 0
        ? { processing: calls.slice(0, 50).map((call) => processingOf(call, answered)) }
        : {}),
      afterMessages,
    };
  });
};

// tau-bench's tools, like many, report an error as text that begins so; a chat API has no field for it.
const isError = (answer: RecordedMessage) => textOf(answer).startsWith('Error');

const outcomeOf = (calls: number, answers: number, errors: number): string | undefined => {
  if (calls === 0) return undefined;
  if (errors > 0) return 'error';
  return answers < calls ? 'unanswered' : 'ok';
};

const processingOf = (call: JsonObject, answers: readonly RecordedMessage[]): JsonObject => {
  const answer = answers.find(
    ({ toolCallId }) => toolCallId !== undefined && toolCallId === call.id,
  );
  return compact({
    type: 'tool-call',
    tool: beginningOf(toolOf(call), 200),
    toolCallId: typeof call.id === 'string' ? beginningOf(call.id, 200) : undefined,
    outcome: answer ? (isError(answer) ? 'error' : 'ok') : undefined,
  });
};

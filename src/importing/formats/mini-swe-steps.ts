import { isObject, type JsonObject, type JsonValue } from '../../domain/json.js';
import { actionExcerpt, observationExcerpt, textOf } from '../excerpt.js';
import { compact, isText } from '../json.js';
import { beginningOf, EXCERPT } from '../limits.js';
import type { Notes } from '../notes.js';
import type { RecordedMessage, RecordedStep } from '../recorded-run.js';
import { argumentsOf, callText, toolOf } from '../tool-calls.js';
import { type Turn, turnsOf } from '../turns.js';

const number = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

/**
 * One step per assistant message, done when its command has been answered. The state carries the
 * totals so far: cost in US dollars, API calls, tokens.
 *
 * @param isSubmitted a submitted run's last command is answered by the exit message, not by a tool
 */
export const miniSweSteps = (
  messages: readonly RecordedMessage[],
  isSubmitted: boolean,
  notes: Notes,
): readonly RecordedStep[] => {
  const standsForTool = ({ metadata }: RecordedMessage, index: number) =>
    isSubmitted && metadata.recordedRole === 'exit' && messages[index - 1]?.role === 'assistant';
  const turns = turnsOf(
    messages,
    (message, index) => message.role === 'tool' || standsForTool(message, index),
  );
  let cost = 0;
  let promptTokens = 0;
  let completionTokens = 0;
  return turns.map((turn, index): RecordedStep => {
    const said = messages[turn.message];
    const answers = turn.answers.flatMap((at) => messages[at] ?? []);
    const answer = answers.at(-1);
    noteUnanswered(turn, said, answers, notes);
    const usage = usageOf(said);
    cost += number(said?.metadata.cost);
    promptTokens += number(usage.prompt_tokens);
    completionTokens += number(usage.completion_tokens);
    const action = said ? actionOf(said) : '';
    return {
      agent: 'main',
      stage: `step-${index + 1}`,
      stageOrder: index + 1,
      state: compact({
        step: index + 1,
        messages: turn.afterMessages,
        at: answer?.metadata.at ?? said?.metadata.at,
        cost,
        apiCalls: index + 1,
        promptTokens,
        completionTokens,
        lastAction: beginningOf(action, EXCERPT),
        returncode: answer?.metadata.returncode,
        exceptionType: answer?.metadata.exceptionType,
        exitStatus: answer?.metadata.exitStatus,
      }),
      outputs: { ...actionExcerpt(action), ...(answer ? observationExcerpt(textOf(answer)) : {}) },
      processing: processingOf(said, answers),
      afterMessages: turn.afterMessages,
    };
  });
};

const usageOf = (said: RecordedMessage | undefined): JsonObject => {
  const response = said?.metadata.response;
  return isObject(response) && isObject(response.usage) ? response.usage : {};
};

const actionOf = (said: RecordedMessage): string => {
  if (!said.toolCalls) return textOf(said);
  const commands = said.toolCalls.map((call) => {
    const given = argumentsOf(call);
    return isObject(given) && isText(given.command) ? given.command : callText(call);
  });
  return commands.join('\n');
};

const processingOf = (
  said: RecordedMessage | undefined,
  answers: readonly RecordedMessage[],
): readonly JsonObject[] => {
  const usage = usageOf(said);
  const call = compact({
    type: 'model-call',
    at: said?.metadata.at,
    cost: said?.metadata.cost,
    finishReason: said?.metadata.finishReason,
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
  });
  const byTools = answers.filter(({ role }) => role === 'tool').slice(0, 50);
  const tools = byTools.map(({ metadata, toolCallId }) =>
    compact({
      type: 'tool-call',
      tool: toolOf(said?.toolCalls?.find(({ id }) => id === toolCallId) ?? {}),
      toolCallId,
      at: metadata.at,
      returncode: metadata.returncode,
      exceptionType: metadata.exceptionType,
    }),
  );
  return [call, ...tools];
};

const noteUnanswered = (
  turn: Turn,
  said: RecordedMessage | undefined,
  answers: readonly RecordedMessage[],
  notes: Notes,
): void => {
  const calls = said?.toolCalls?.length ?? 0;
  const byTools = answers.filter(({ role }) => role === 'tool').length;
  if (calls <= byTools) return;
  const isExit = answers.length > byTools;
  notes.add(
    `a tool call has no tool message${isExit ? ': the exit message stands for it' : ''}`,
    `messages[${turn.message}]`,
  );
};

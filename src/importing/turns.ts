import type { RecordedMessage } from './recorded-run.js';

/** An assistant's message and what answers it. */
export type Turn = Readonly<{
  /** Index of the assistant's message. */
  message: number;
  /** Indices of the messages that answer it, in order. */
  answers: readonly number[];
  /** How many messages had been exchanged when the turn was over. */
  afterMessages: number;
}>;

/**
 * One turn per assistant message. It takes in the messages right after it that answer it: the tool
 * messages, unless `isAnswer` knows the format better.
 */
export const turnsOf = (
  messages: readonly RecordedMessage[],
  isAnswer: (message: RecordedMessage, index: number) => boolean = ({ role }) => role === 'tool',
): readonly Turn[] => {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'assistant') continue;
    const answers: number[] = [];
    for (let next = index + 1; next < messages.length; next++) {
      const answer = messages[next];
      if (!answer || answer.role === 'assistant' || !isAnswer(answer, next)) break;
      answers.push(next);
    }
    turns.push({ message: index, answers, afterMessages: index + 1 + answers.length });
  }
  return turns;
};

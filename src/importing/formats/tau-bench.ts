import { z } from 'zod';
import { isObject, type JsonObject } from '../../domain/json.js';
import { dialogueSteps } from '../dialogue-steps.js';
import { textOf } from '../excerpt.js';
import { fieldsOf } from '../fields.js';
import { compact, isList, isText } from '../json.js';
import { ifSmall, limits, unknownFields } from '../limits.js';
import type { Notes } from '../notes.js';
import { readMessage } from '../recorded-message.js';
import type { RecordedMessage } from '../recorded-run.js';
import { toolOf } from '../tool-calls.js';
import { checked } from './checked.js';
import { type FormatReader, recordingMetadata } from './format-reader.js';
import { anyObject, messageWithRole } from './schema.js';

const trial = z.looseObject({
  traj: z.array(messageWithRole),
  info: anyObject.nullish(),
});

/** One trial of one tau-bench task, an element of the benchmark's result files. */
export const tauBench: FormatReader = {
  recognises: (value) => isObject(value) && isList(value.traj),

  read: (value, name, notes) => {
    const { traj, info: recordedInfo, ...others } = checked(trial, value, 'tau-bench');
    const messages = traj.map((message, index) =>
      readMessage(fieldsOf(message), {}, `traj[${index}]`, notes),
    );
    const steps = dialogueSteps(messages);
    if (steps.length === 0) notes.add('the run ended before the first step');

    const run = fieldsOf(others as JsonObject);
    const info = fieldsOf(recordedInfo ?? {});
    const task = info.object('task');
    const taskId = run.number('task_id') ?? run.text('task_id');
    const trialNumber = run.number('trial');
    const output = compact({
      taskId,
      trial: trialNumber,
      reward: run.any('reward'),
      rewardInfo: rewardInfo(info.isNull('reward_info'), info.object('reward_info'), notes),
      endedBy: endOf(messages),
      source: info.any('source'),
      userCost: info.any('user_cost'),
    });
    const rest = unknownFields({ ...info.rest(), ...run.rest() }, 'the run', notes);
    return {
      title: titleOf(taskId, trialNumber, task),
      metadata: compact({
        ...recordingMetadata('tau-bench', name),
        taskId,
        trial: trialNumber,
        task: ifSmall(task, limits.named, 'info.task', 'the run', notes),
        recorded: rest,
      }),
      mode: 'interactive',
      sessionStatus: 'completed',
      messages,
      steps,
      outcome: { status: 'completed', output },
    };
  },
};

const rewardInfo = (isNull: boolean, info: JsonObject | undefined, notes: Notes) => {
  if (isNull) {
    notes.add('info.reward_info is null: the run ran out of turns before it was judged');
    return null;
  }
  return ifSmall(info, limits.outputs, 'info.reward_info', 'the run', notes);
};

const endOf = (messages: readonly RecordedMessage[]): string => {
  if (messages.some((message) => message.role === 'user' && textOf(message).includes('###STOP###')))
    return 'customer';
  const handsOver = (message: RecordedMessage) =>
    message.toolCalls?.some((call) => toolOf(call) === 'transfer_to_human_agents');
  return messages.some(handsOver) ? 'transfer' : 'turn-limit';
};

const titleOf = (
  taskId: number | string | undefined,
  trialNumber: number | undefined,
  task: JsonObject | undefined,
): string => {
  const customer = isText(task?.user_id) ? ` (${task.user_id.slice(0, 60)})` : '';
  return `tau-bench task ${taskId ?? '?'}, trial ${trialNumber ?? '?'}${customer}`;
};

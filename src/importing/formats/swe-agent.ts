import { z } from 'zod';
import { isObject, type JsonObject } from '../../domain/json.js';
import { type Fields, fieldsOf } from '../fields.js';
import { compact, isList, isText } from '../json.js';
import { ifSmall, limits, unknownFields } from '../limits.js';
import type { Notes } from '../notes.js';
import { readMessage } from '../recorded-message.js';
import type { RecordedMessage, RecordedOutcome } from '../recorded-run.js';
import { withoutSecrets } from '../secrets.js';
import { UnreadableRecording } from '../unreadable-recording.js';
import { checked } from './checked.js';
import {
  type FormatReader,
  recordingMetadata,
  sessionStatusAfter,
  titleOfFile,
} from './format-reader.js';
import { anyObject, messageWithRole } from './schema.js';
import { sweSteps } from './swe-steps.js';

const trajectoryFile = z.looseObject({
  trajectory: z.array(anyObject).nullish(),
  history: z.array(messageWithRole).nullish(),
  info: anyObject.nullish(),
});

/** Trajectories of SWE-agent: one object per file, the conversation in `history`, the steps in `trajectory`. */
export const sweAgent: FormatReader = {
  recognises: (value) => isObject(value) && (isList(value.trajectory) || isList(value.history)),

  read: (value, name, notes) => {
    const parsed = checked(trajectoryFile, value, 'swe-agent');
    const { trajectory, history, info: recordedInfo, ...others } = parsed;
    if (!trajectory && !history)
      throw new UnreadableRecording('not a run of swe-agent (neither history nor trajectory)');
    if (!trajectory) notes.add('there is a history and no trajectory: the run has no steps');
    if (!history) notes.add('there is a trajectory and no history: the run has no messages');

    const messages = (history ?? []).map((message, index) => readEntry(message, index, notes));
    const run = fieldsOf(others as JsonObject);
    const info = fieldsOf(recordedInfo ?? {});
    const replayConfig = run.object('replay_config');
    const outcome = outcomeOf(info, notes);
    return {
      title: problemId(replayConfig) ?? titleOfFile(name) ?? 'SWE-agent run',
      metadata: compact({
        ...recordingMetadata('swe-agent', name),
        environment: run.text('environment'),
        replayConfig: ifSmall(
          replayConfig && withoutSecrets(replayConfig, 'replay_config', notes),
          limits.named,
          'replay_config',
          'the run',
          notes,
        ),
        recorded: unknownFields({ ...info.rest(), ...run.rest() }, 'the run', notes),
      }),
      mode: 'background',
      sessionStatus: sessionStatusAfter(outcome),
      messages,
      steps: sweSteps(trajectory ?? [], messages, notes),
      outcome,
    };
  },
};

const readEntry = (message: JsonObject, index: number, notes: Notes): RecordedMessage => {
  const place = `history[${index}]`;
  const { tool_call_ids: ids, ...others } = message;
  const answered = isList(ids) ? ids.filter(isText) : [];
  // Chat APIs answer one call a message; the first id is the one that is answered.
  const single = answered.length > 0 && others.tool_call_id === undefined;
  const fields = fieldsOf(single ? { ...others, tool_call_id: answered[0] ?? null } : message);
  if (answered.length > 1) notes.add('one message answers several tool calls', place);
  const isDemo = fields.flag('is_demo');
  if (isDemo) notes.add('a demonstration shown to the model, not part of the run', place);
  const known = {
    agent: fields.text('agent'),
    messageType: fields.text('message_type'),
    isDemo,
    thought: unlessContent(fields.text('thought'), message),
    action: fields.text('action'),
    toolCallIds: answered.length > 1 ? answered : undefined,
  };
  return readMessage(fields, known, place, notes);
};

const unlessContent = (text: string | undefined, { content }: JsonObject) =>
  text === content ? undefined : text;

const outcomeOf = (info: Fields, notes: Notes): RecordedOutcome => {
  const exitStatus = info.text('exit_status');
  const output = compact({
    exitStatus,
    submission: info.text('submission'),
    modelStats: info.object('model_stats'),
  });
  if (exitStatus === undefined) {
    notes.add('the recording does not say how the run ended');
    return { status: 'running' };
  }
  // `submitted`, or `submitted (exit_cost)` when it was ended and what there was then was submitted.
  if (exitStatus.startsWith('submitted')) return { status: 'completed', output };
  return { status: 'failed', error: exitStatus, output };
};

const problemId = (replayConfig: JsonObject | undefined): string | undefined => {
  const problem = replayConfig?.problem_statement;
  return isObject(problem) && isText(problem.id) && problem.id !== '' ? problem.id : undefined;
};

import { z } from 'zod';
import { isObject, type JsonObject } from '../../domain/json.js';
import { type Fields, fieldsOf } from '../fields.js';
import { compact, isList, isText } from '../json.js';
import { ifSmall, limits, unknownFields } from '../limits.js';
import type { Notes } from '../notes.js';
import type { RecordedMessage, RecordedOutcome } from '../recorded-run.js';
import { withoutSecrets } from '../secrets.js';
import { checked } from './checked.js';
import {
  type FormatReader,
  recordingMetadata,
  sessionStatusAfter,
  titleOfFile,
} from './format-reader.js';
import { miniSweMessage } from './mini-swe-message.js';
import { miniSweSteps } from './mini-swe-steps.js';
import { anyObject, messageWithRole } from './schema.js';

const trajectory = z.looseObject({
  messages: z.array(messageWithRole),
  info: anyObject.nullish(),
});

/** Runs of mini-swe-agent, `trajectory_format` mini-swe-agent-1.x: one object per file. */
export const miniSweAgent: FormatReader = {
  recognises: (value) =>
    isObject(value) &&
    isList(value.messages) &&
    isText(value.trajectory_format) &&
    value.trajectory_format.startsWith('mini-swe-agent'),

  read: (value, name, notes) => {
    const parsed = checked(trajectory, value, 'mini-swe-agent');
    const { messages: recorded, info: recordedInfo, ...others } = parsed;
    const messages = recorded.map((message, index) => miniSweMessage(message, index, notes));
    noteClockGoingBack(recorded, notes);

    const run = fieldsOf(others as JsonObject);
    const info = fieldsOf(recordedInfo ?? {});
    const outcome = outcomeOf(info, messages, notes);
    const steps = miniSweSteps(messages, outcome.status === 'completed', notes);
    if (steps.length === 0) notes.add('the run ended before the first step');
    else if (outcome.status === 'failed') notes.add(`the run failed after ${steps.length} steps`);

    const config = info.object('config');
    const model = config && isObject(config.model) ? config.model.model_name : undefined;
    const instanceId = run.text('instance_id');
    const times = messages.flatMap(({ metadata: { at } }) => (isText(at) ? [at] : []));
    return {
      title: `${instanceId ?? titleOfFile(name) ?? 'mini-swe-agent run'}${isText(model) ? ` (${model})` : ''}`,
      metadata: compact({
        ...recordingMetadata('mini-swe-agent', name),
        trajectoryFormat: run.text('trajectory_format'),
        instanceId,
        model: isText(model) ? model : undefined,
        miniVersion: info.text('mini_version'),
        startedAt: times[0],
        endedAt: times.at(-1),
        config: ifSmall(
          config && withoutSecrets(config, 'info.config', notes),
          limits.named,
          'info.config',
          'the run',
          notes,
        ),
        recorded: unknownFields({ ...info.rest(), ...run.rest() }, 'the run', notes),
      }),
      mode: 'background',
      sessionStatus: sessionStatusAfter(outcome),
      messages,
      steps,
      outcome,
    };
  },
};

const outcomeOf = (
  info: Fields,
  messages: readonly RecordedMessage[],
  notes: Notes,
): RecordedOutcome => {
  const last = messages.at(-1);
  const exit = last?.metadata.recordedRole === 'exit' ? last : undefined;
  if (!exit) notes.add('the last message is not an exit message');
  const exitStatus = info.text('exit_status') ?? exit?.metadata.exitStatus;
  const exception = info.text('exception_str');
  const output = compact({
    exitStatus,
    submission: info.text('submission'),
    modelStats: info.object('model_stats'),
    traceback: ifSmall(info.text('traceback'), limits.named, 'info.traceback', 'the run', notes),
  });
  if (exitStatus === 'Submitted') return { status: 'completed', output };
  if (!isText(exitStatus) && exception === undefined) {
    notes.add('the recording does not say how the run ended');
    return { status: 'running' };
  }
  return { status: 'failed', error: exception ?? String(exitStatus), output };
};

const noteClockGoingBack = (recorded: readonly JsonObject[], notes: Notes): void => {
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, { extra }] of recorded.entries()) {
    const now = isObject(extra) ? extra.timestamp : undefined;
    if (typeof now !== 'number') continue;
    if (now < before)
      notes.add(`the clock goes back by ${(before - now).toFixed(3)} s`, `messages[${index}]`);
    before = now;
  }
};

import { isObject, isSameJson, type JsonObject, type JsonValue } from '../../domain/json.js';
import { type Fields, fieldsOf } from '../fields.js';
import { compact, isText } from '../json.js';
import { ifSmall, limits, unknownFields } from '../limits.js';
import type { Notes } from '../notes.js';
import { readMessage } from '../recorded-message.js';
import type { RecordedMessage } from '../recorded-run.js';
import { isoTime } from '../time.js';
import { argumentsOf } from '../tool-calls.js';

const RAW_OUTPUT_BYTES = 48 * 1024;

/**
 * One message of a mini-swe-agent run. What `extra` says is kept in the metadata; what only repeats
 * the message (the provider's copy of it, the actions parsed from the tool calls, raw output that
 * the content quotes in full) is not.
 */
export const miniSweMessage = (
  message: JsonObject,
  index: number,
  notes: Notes,
): RecordedMessage => {
  const place = `messages[${index}]`;
  const fields = fieldsOf(message);
  const extra = fieldsOf(fields.object('extra') ?? {});
  const seconds = extra.number('timestamp');
  const at = seconds === undefined ? undefined : isoTime(seconds);

  const known = {
    recordedRole: message.role === 'exit' ? 'exit' : undefined,
    at,
    timestamp: at === undefined ? seconds : undefined,
    cost: extra.number('cost'),
    ...response(extra, message, place, notes),
    reasoning: fields.text('reasoning_content'),
    providerSpecificFields: unlessRepeated(fields.object('provider_specific_fields'), message),
    actions: unlessActionsOf(message, extra.list('actions')),
    returncode: extra.number('returncode'),
    rawOutput: rawOutput(extra, message, place, notes),
    exceptionInfo: extra.text('exception_info') || undefined,
    exceptionType: extra.text('exception_type'),
    exception: extra.text('exception'),
    interruptType: extra.text('interrupt_type'),
    exitStatus: extra.text('exit_status'),
    submission: unlessContentOf(message, extra.text('submission')),
    exceptionStr: unlessContentOf(message, extra.text('exception_str')),
    traceback: ifSmall(extra.text('traceback'), limits.named, 'extra.traceback', place, notes),
  };
  if (known.interruptType !== undefined)
    notes.add(`the harness complains of a malformed tool call (${known.interruptType})`, place);
  if (known.exceptionInfo !== undefined) notes.add('a command did not run to its end', place);
  return readMessage(
    fields,
    { ...known, extra: unknownFields(extra.rest(), place, notes) },
    place,
    notes,
  );
};

const response = (
  extra: Fields,
  message: JsonObject,
  place: string,
  notes: Notes,
): Record<string, JsonValue | undefined> => {
  const recorded = extra.object('response');
  if (!recorded) return {};
  const fields = fieldsOf(recorded);
  const choices = fields.list('choices') ?? [];
  const [choice] = choices;
  const finishReason = isObject(choice) ? choice.finish_reason : undefined;
  const created = fields.number('created');
  return {
    finishReason: isText(finishReason) ? finishReason : undefined,
    response: compact({
      ...fields.rest(),
      created: created === undefined ? undefined : (isoTime(created) ?? created),
      choices:
        choices.length === 1 && repeats(choice, message)
          ? undefined
          : ifSmall(choices, limits.named, 'extra.response.choices', place, notes),
    }),
  };
};

const repeats = (choice: JsonValue | undefined, message: JsonObject): boolean => {
  if (!isObject(choice)) return false;
  const { message: said, finish_reason: _, index: __, ...rest } = choice;
  return isObject(said) && hasNothingNew(said, message) && hasNothingNew(rest, message);
};

// Nothing new: null, empty, or what the message says under the same name.
const hasNothingNew = (copy: JsonObject, message: JsonObject): boolean =>
  Object.entries(copy).every(([name, value]) => {
    if (value === null || (isObject(value) && Object.keys(value).length === 0)) return true;
    const original = message[name];
    return original !== undefined && isSameJson(value, original);
  });

const unlessRepeated = (copy: JsonObject | undefined, message: JsonObject) =>
  copy && hasNothingNew(copy, message) ? undefined : copy;

const unlessContentOf = (message: JsonObject, text: string | undefined) =>
  text === '' || text === message.content ? undefined : text;

const unlessActionsOf = (message: JsonObject, actions: readonly JsonValue[] | undefined) => {
  if (!actions) return undefined;
  const calls = Array.isArray(message.tool_calls) ? (message.tool_calls as JsonValue[]) : [];
  const parsed = calls.filter(isObject).map((call) => {
    const given = argumentsOf(call);
    return {
      command: isObject(given) ? (given.command ?? null) : null,
      tool_call_id: call.id ?? null,
    };
  });
  return isSameJson(actions, parsed) ? undefined : actions;
};

const rawOutput = (
  extra: Fields,
  { content }: JsonObject,
  place: string,
  notes: Notes,
): string | undefined => {
  const raw = extra.text('raw_output');
  if (raw === undefined || (isText(content) && content.includes(raw))) return undefined;
  return ifSmall(raw, RAW_OUTPUT_BYTES, 'extra.raw_output', place, notes);
};

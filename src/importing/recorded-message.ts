import { isObject, type JsonObject, type JsonValue, jsonBytes } from '../domain/json.js';
import type { MessageRole } from '../domain/session.js';
import type { Fields } from './fields.js';
import { compact, isText } from './json.js';
import {
  beginningOf,
  limits,
  objectWithin,
  textWithin,
  unknownFields,
  valueWithin,
} from './limits.js';
import type { Notes } from './notes.js';
import type { RecordedMessage } from './recorded-run.js';
import { argumentsOf } from './tool-calls.js';

const roles: Readonly<Record<string, MessageRole>> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  tool: 'tool',
  // OpenAI's newer name for a system message, and its older one for a tool's.
  developer: 'system',
  function: 'tool',
};

/**
 * A message in the form that chat APIs share: role, content, name, tool_calls, tool_call_id and the
 * older function_call. Every other field left in `fields` ends in `metadata.recorded`, or is named
 * in a warning when it is too large.
 *
 * @param known metadata the format's reader has already taken from the message
 */
export const readMessage = (
  fields: Fields,
  known: Readonly<Record<string, JsonValue | undefined>>,
  place: string,
  notes: Notes,
): RecordedMessage => {
  const recordedRole = fields.text('role') ?? '';
  const role = Object.hasOwn(roles, recordedRole) ? roles[recordedRole] : undefined;
  if (!role && known.recordedRole === undefined)
    notes.add(`role ${JSON.stringify(textWithin(recordedRole, 60))} is stored as system`, place);

  const calls = toolCallsOf(fields, place, notes);
  const contentWasNull = fields.isNull('content');
  if (contentWasNull)
    notes.add(`content is null${calls ? ' beside tool calls' : ''}, stored as ''`, place);
  const { content, toolCalls, contentCut } = cutToFit(
    contentOf(fields.any('content')),
    calls,
    place,
    notes,
  );

  const metadata = compact({
    ...known,
    recordedRole: known.recordedRole ?? (role === recordedRole ? undefined : recordedRole),
    contentWasNull: contentWasNull ? true : undefined,
    contentCut: contentCut ? true : undefined,
  });
  const name = shortText(fields, 'name', place, notes);
  const toolCallId = shortText(fields, 'tool_call_id', place, notes);
  const recorded = unknownFields(fields.rest(), place, notes);
  return {
    role: role ?? 'system',
    content,
    ...(name === undefined ? {} : { name }),
    ...(toolCalls ? { toolCalls } : {}),
    ...(toolCallId === undefined ? {} : { toolCallId }),
    metadata: objectWithin(
      recorded ? { ...metadata, recorded } : metadata,
      limits.metadata,
      'metadata',
      place,
      notes,
    ),
  };
};

const contentOf = (recorded: JsonValue | undefined): string | readonly JsonObject[] => {
  if (recorded === undefined) return '';
  if (isText(recorded)) return recorded;
  if (isObject(recorded)) return [recorded];
  if (typeof recorded !== 'object' || recorded === null) return JSON.stringify(recorded);
  return recorded.map((part) => {
    if (isObject(part)) return part;
    return { type: 'text', text: isText(part) ? part : JSON.stringify(part) };
  });
};

const toolCallsOf = (
  fields: Fields,
  place: string,
  notes: Notes,
): readonly JsonObject[] | undefined => {
  const recorded = [...(fields.list('tool_calls') ?? [])];
  const single = fields.object('function_call');
  if (single) recorded.push({ type: 'function', function: single });
  const calls = recorded.filter(isObject);
  if (calls.length < recorded.length)
    notes.add('a tool call that is not an object is left out', place);
  for (const call of calls)
    if (argumentsOf(call) === undefined)
      notes.add('a tool call has broken JSON arguments, kept as they are', place);
  return calls.length === 0 ? undefined : calls;
};

const cutToFit = (
  content: string | readonly JsonObject[],
  calls: readonly JsonObject[] | undefined,
  place: string,
  notes: Notes,
): Pick<RecordedMessage, 'content' | 'toolCalls'> & { contentCut: boolean } => {
  const inHalf = limits.message / 2;
  const contentBytes = jsonBytes(content);
  const callBytes = calls ? jsonBytes(calls) : 0;
  if (contentBytes + callBytes <= limits.message)
    return { content, ...(calls ? { toolCalls: calls } : {}), contentCut: false };

  // Whichever of the two needs less than half leaves the rest to the other.
  const forCalls = Math.min(callBytes, Math.max(inHalf, limits.message - contentBytes));
  const toolCalls = calls && (valueWithin(calls, forCalls) as readonly JsonObject[] | undefined);
  if (callBytes > forCalls)
    notes.add(`tool calls are ${toolCalls ? 'cut' : 'left out'}: the message is too large`, place);
  const room = limits.message - (callBytes === 0 ? 0 : forCalls);
  if (contentBytes > room)
    notes.add(`content is cut: larger than ${Math.floor(room / 1024)} KiB`, place);
  return {
    content: isText(content)
      ? textWithin(content, room)
      : ((valueWithin(content, room) as readonly JsonObject[] | undefined) ??
        textWithin(JSON.stringify(content), room)),
    ...(toolCalls ? { toolCalls } : {}),
    contentCut: contentBytes > room,
  };
};

const shortText = (
  fields: Fields,
  name: string,
  place: string,
  notes: Notes,
): string | undefined => {
  const value = fields.text(name);
  if (value === undefined || value.length <= 512) return value;
  notes.add(`${name} is cut to 512 characters`, place);
  return beginningOf(value, 512);
};

import { describe, expect, it } from '@jest/globals';
import { readAll, readOne, refusalOf } from './reading.js';

const call = { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } };

const conversation = {
  messages: [
    { role: 'developer', content: 'Be short.' },
    { role: 'user', content: [{ type: 'text', text: '\nWhat is 1+1?\nSay it.' }] },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: '2' },
    { role: 'assistant', content: 'Two.' },
  ],
};

describe('reading conversations in the form of a chat API', () => {
  it('makes a step of each assistant message and takes the last word for the output', async () => {
    const run = await readOne(conversation);

    expect(run.format).toBe('openai-messages');
    expect(run.title).toBe('What is 1+1?');
    expect(run.steps.map(({ afterMessages }) => afterMessages)).toEqual([4, 5]);
    expect(run.steps[0]?.processing).toEqual([
      { type: 'tool-call', tool: 'add', toolCallId: 'c1', outcome: 'ok' },
    ]);
    expect(run.outcome).toEqual({ status: 'completed', output: { answer: 'Two.' } });
  });

  it('keeps parts of content, and stores a developer message as system', async () => {
    const { messages } = await readOne(conversation);

    expect(messages[0]).toEqual({
      role: 'system',
      content: 'Be short.',
      metadata: { recordedRole: 'developer' },
    });
    expect(messages[1]?.content).toEqual(conversation.messages[1]?.content);
    expect(messages[2]).toEqual({
      role: 'assistant',
      content: '',
      toolCalls: [call],
      metadata: { contentWasNull: true },
    });
  });

  it('takes a bare array of messages for the same run', async () => {
    expect((await readOne(conversation.messages)).key).toBe((await readOne(conversation)).key);
  });

  it('reads one conversation a line, and a broken line costs itself alone', async () => {
    const line = (content: string) => JSON.stringify({ messages: [{ role: 'user', content }] });
    const text = `${line('one')}\n\n{"messages": [{"role"\n${line('three')}\r\n{"weather": 1}\n`;
    const entries = await readAll(text);

    expect(entries.map((entry) => ('run' in entry ? entry.run.title : entry.unreadable))).toEqual([
      'one',
      expect.stringMatching(/^line 3: not JSON/),
      'three',
      expect.stringMatching(/^line 5: none of the formats/),
    ]);
  });

  it('reads JSONL whose first line is cut off', async () => {
    const good = JSON.stringify(conversation);
    const entries = await readAll(`{"messages": [{"role": "us\n${good}\n${good}`);

    expect(entries.map((entry) => 'run' in entry)).toEqual([false, true, true]);
  });

  it('reads an array of conversations, and a line that is a bare array', async () => {
    const inArray = await readAll(JSON.stringify([conversation, conversation.messages]));
    const inLines = await readAll(
      `${JSON.stringify(conversation.messages)}\n${JSON.stringify(conversation)}`,
    );
    const keys = [...inArray, ...inLines].map((entry) => 'run' in entry && entry.run.key);

    expect(keys).toHaveLength(4);
    expect(new Set(keys)).toEqual(new Set([(await readOne(conversation)).key]));
  });

  it('leaves a conversation open that ends with a question or an unanswered call', async () => {
    const asked = await readOne({ messages: conversation.messages.slice(0, 2) });
    const called = await readOne({ messages: conversation.messages.slice(0, 3) });

    expect(asked.outcome).toEqual({ status: 'running' });
    expect(called.outcome).toEqual({ status: 'running' });
    expect(called.steps[0]?.state.toolOutcome).toBe('unanswered');
  });

  it('reads the older form of a call and its answer', async () => {
    const { messages } = await readOne([
      { role: 'assistant', content: '', function_call: { name: 'add', arguments: '{' } },
      { role: 'function', name: 'add', content: '2' },
    ]);

    expect(messages).toEqual([
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ type: 'function', function: { name: 'add', arguments: '{' } }],
        metadata: {},
      },
      { role: 'tool', content: '2', name: 'add', metadata: { recordedRole: 'function' } },
    ]);
  });

  it('keeps what it does not know, of messages and of the conversation', async () => {
    const run = await readOne({
      model: 'gpt-4o',
      messages: [
        { role: 'narrator', content: 7, weight: 1 },
        { role: 'user', content: ['a', 1] },
      ],
    });

    expect(run.metadata.recorded).toEqual({ model: 'gpt-4o' });
    expect(run.messages).toEqual([
      {
        role: 'system',
        content: '7',
        metadata: { recordedRole: 'narrator', recorded: { weight: 1 } },
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: '1' },
        ],
        metadata: {},
      },
    ]);
    expect(run.warnings).toEqual(['role "narrator" is stored as system (messages[0])']);
  });

  it('names a tool call that is no object', async () => {
    const { messages, warnings } = await readOne([
      { role: 'assistant', content: 'x', tool_calls: ['add', call] },
    ]);

    expect(messages[0]?.toolCalls).toEqual([call]);
    expect(warnings).toEqual(['a tool call that is not an object is left out (messages[0])']);
  });

  it('refuses a message without a role, with the place', async () => {
    const text = JSON.stringify({ messages: [{ role: 'user', content: 'a' }, { content: 'b' }] });

    expect((await refusalOf(text, { format: 'openai-messages' })).message).toBe(
      'messages[1]: not a run of openai-messages (expected an object with a role)',
    );
  });
});

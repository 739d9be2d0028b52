import { describe, expect, it } from '@jest/globals';
import { textWithin } from '../../src/importing/limits.js';
import { readOne } from './reading.js';

const kib = 1024;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('keeping a message well below the size of an event', () => {
  it('cuts content larger than 900 KiB, flags it and says so', async () => {
    const { messages, warnings } = await readOne([
      { role: 'user', content: 'x'.repeat(1000 * kib) },
    ]);

    expect(messages[0]?.content).toBe('x'.repeat(900 * kib - 2));
    expect(messages[0]?.metadata).toEqual({ contentCut: true });
    expect(warnings).toEqual(['content is cut: larger than 900 KiB (messages[0])']);
  });

  it('counts bytes as they are stored, and never cuts a character in half', () => {
    expect(textWithin('\u0000\u0000\u0000', 16)).toBe('\u0000\u0000');
    expect(textWithin('a😀b', 6)).toBe('a');
    expect(textWithin('a😀b', 7)).toBe('a😀');
    expect(textWithin('äöü', 6)).toBe('äö');
  });

  it('leaves content of just 900 KiB as it is', async () => {
    const content = 'x'.repeat(900 * kib - 2);
    const { messages, warnings } = await readOne([{ role: 'user', content }]);

    expect(messages[0]).toEqual({ role: 'user', content, metadata: {} });
    expect(warnings).toEqual([]);
  });

  it('cuts the texts in parts of content and in tool calls', async () => {
    const part = { type: 'text', text: 'x'.repeat(700 * kib) };
    const args = JSON.stringify({ file: 'y'.repeat(700 * kib) });
    const call = { id: 'c1', type: 'function', function: { name: 'write', arguments: args } };
    const { messages, warnings } = await readOne([
      { role: 'assistant', content: [part], tool_calls: [call] },
    ]);

    expect(bytesOf(messages[0])).toBeLessThan(900 * kib + 100);
    expect(messages[0]?.content).toMatchObject([{ type: 'text' }]);
    expect(messages[0]?.toolCalls).toMatchObject([{ id: 'c1', function: { name: 'write' } }]);
    expect(warnings).toEqual([
      'tool calls are cut: the message is too large (messages[0])',
      'content is cut: larger than 450 KiB (messages[0])',
    ]);
  });

  it('turns content of too many small parts into the beginning of its text', async () => {
    const parts = Array.from({ length: 60_000 }, (_, number) => ({ type: 'number', number }));
    const { messages } = await readOne([{ role: 'user', content: parts }]);

    expect(typeof messages[0]?.content).toBe('string');
    expect(bytesOf(messages[0])).toBeLessThan(901 * kib);
  });

  it('keeps metadata within 64 KiB, whatever the fields', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`field${index}`, 'z'.repeat(1000)]),
    );
    const { messages, metadata, warnings } = await readOne({
      ...fields,
      messages: [{ role: 'user', content: 'a', ...fields }],
    });

    expect(bytesOf(messages[0]?.metadata)).toBeLessThan(17 * kib);
    expect(bytesOf(metadata)).toBeLessThan(17 * kib);
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toMatch(/^\d+ more warnings$/);
  });

  it('keeps the state of a checkpoint as it is, as far as an event can hold it', async () => {
    const checkpointOf = (page: string) => ({
      forkline: 1,
      session: {},
      messages: [],
      executions: [
        {
          status: 'running',
          checkpoints: [{ agent: 'a', stage: 's', stageOrder: 1, state: { page } }],
        },
      ],
    });
    const fits = await readOne(checkpointOf('p'.repeat(800 * kib)));
    const isTooLarge = await readOne(checkpointOf('p'.repeat(1000 * kib)));

    expect(fits.steps[0]?.state).toEqual({ page: 'p'.repeat(800 * kib) });
    expect(fits.warnings).toEqual([]);
    expect(bytesOf(isTooLarge.steps[0]?.state)).toBeLessThanOrEqual(300 * kib);
    expect(isTooLarge.warnings).toEqual(['state is cut: larger than 300 KiB (step 1)']);
  });

  it('keeps what no message holds within 64 KiB', async () => {
    const long = 'r'.repeat(100 * kib);
    const { steps, warnings } = await readOne({
      trajectory: [{ action: 'ls', observation: long, response: long, thought: long, state: {} }],
    });

    expect(bytesOf(steps[0]?.outputs)).toBeLessThanOrEqual(64 * kib);
    expect(warnings).toContain(
      'the step that no message holds is cut: larger than 64 KiB (trajectory[0])',
    );
  });
});

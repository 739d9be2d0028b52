import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readRuns } from '../../src/importing/read-runs.js';
import type { ReadRun } from '../../src/importing/recorded-run.js';
import { UnreadableRecording } from '../../src/importing/unreadable-recording.js';
import { inChunks, readAll, readOne, refusalOf } from './reading.js';

const conversation = {
  messages: [
    { role: 'user', content: 'Grüße, "Welt" \\ [{,}]' },
    { role: 'assistant', content: 'Hallo.' },
  ],
};
const text = JSON.stringify(conversation);
const many = JSON.stringify([conversation, conversation, conversation]);

const keysOf = (entries: readonly ReadRun[]) =>
  entries.map((entry) => ('run' in entry ? entry.run.key : entry.unreadable));

describe('reading a file', () => {
  it('gives a run the same key whatever the name, compression, white space and order of keys', async () => {
    const { key } = await readOne(conversation);
    const reordered = `{ "messages" : [
      {"content": "Gr\\u00fc\\u00dfe, \\"Welt\\" \\\\ [{,}]", "role": "user"},
      {"content": "Hallo.", "role": "assistant"} ] }`;

    expect(keysOf(await readAll(reordered, { name: 'b.json' }))).toEqual([key]);
    expect(keysOf(await readAll(gzipSync(text), { name: 'a.json.gz' }))).toEqual([key]);
    expect(keysOf(await readAll(`\ufeff\n${text}\n`))).toEqual([key]);
  });

  it('gives different runs different keys', async () => {
    const other = { messages: [...conversation.messages, { role: 'user', content: '' }] };

    expect((await readOne(other)).key).not.toBe((await readOne(conversation)).key);
  });

  it('does not depend on where the chunks are cut', async () => {
    const { key } = await readOne(conversation);
    for (const size of [1, 2, 3, 7])
      for (const bytes of [
        Buffer.from(many),
        gzipSync(many),
        gzipSync(`${text}\n${text}\n${text}`),
      ])
        expect(keysOf(await readAll(inChunks(bytes, size)))).toEqual([key, key, key]);
  });

  it('reads files of several gzip members', async () => {
    const bytes = Buffer.concat([gzipSync(text.slice(0, 20)), gzipSync(text.slice(20))]);

    expect(await readAll(bytes)).toHaveLength(1);
  });

  it('takes the format it is told, though another is recognised', async () => {
    const file = JSON.stringify({ ...conversation, history: [], trajectory: [] });
    const [recognised] = await readAll(file);
    const [told] = await readAll(file, { format: 'openai-messages' });

    expect(recognised).toMatchObject({ run: { format: 'swe-agent' } });
    expect(told).toMatchObject({ run: { format: 'openai-messages' } });
  });

  it('gives the first runs of an array before the rest has come', async () => {
    let asked = 0;
    async function* slowly() {
      for (const part of ['[', text, ',', text, ',', text, ']']) {
        asked++;
        yield Buffer.from(part);
      }
    }
    for await (const entry of readRuns(slowly())) {
      expect(entry).toMatchObject({ index: 0, run: { format: 'openai-messages' } });
      break;
    }

    expect(asked).toBe(3);
  });

  it('gives its source back when the reader stops early', async () => {
    let isGivenBack = false;
    async function* source() {
      try {
        for (;;) yield gzipSync(`${text}\n`);
      } finally {
        isGivenBack = true;
      }
    }
    for await (const _ of readRuns(source())) break;

    expect(isGivenBack).toBe(true);
  });

  it('lets an error of the source pass unchanged, gzip or not', async () => {
    for (const bytes of [Buffer.from('[{"mess'), gzipSync(many).subarray(0, 30)]) {
      const failure = new Error('connection reset');
      async function* source() {
        yield bytes;
        throw failure;
      }
      await expect(readAll(source())).rejects.toBe(failure);
    }
  });
});

describe('refusing a file', () => {
  it.each([
    ['an empty file', '', 'there is nothing in the file'],
    ['white space', ' \n\t', 'there is nothing in the file'],
    ['an empty array', '[ ]', 'there is nothing in the file'],
    ['plain text', 'hello', /^there is no run that can be read; line 1: not JSON/],
    ['a number', '42', /^there is no run that can be read; line 1: none of the formats/],
    ['an object of no format', '{"a": 1}', /^none of the formats openai-messages, swe-agent/],
    ['an array of no runs', '[1, {}]', /^there is no run that can be read; \[0\]: none of/],
    ['broken JSON', '{"messages": [tru]}', /^not JSON/],
    ['an object that ends early', text.slice(0, -3), 'the file ends inside the recording'],
    ['an array that ends early', many.slice(0, -3), '[2]: the file ends inside the array'],
    ['an array closed by a brace', `[${text}}`, '[0]: the array is closed by a brace'],
    ['a bare conversation broken in it', '[{"role": "user"}, tru]', /^\[1\]: not JSON/],
    ['something after the end', `{\n"messages": []}\n{}`, 'line 3: something follows the end'],
    ['deep nesting', `{"messages": ${'['.repeat(1e5)}${']'.repeat(1e5)}}`, /^nested deeper than/],
    ['a number no double holds', '{"messages": [], "n": 1e999}', /^holds a number/],
    [
      'a prototype',
      '{"messages": [], "__proto__": {}}',
      'holds a key that cannot be stored: "__proto__"',
    ],
    [
      'what BSON takes for a type',
      '{"messages": [{"role": "user", "content": [{"_bsontype": "ObjectId"}]}]}',
      'holds a key that cannot be stored: "_bsontype"',
    ],
    [
      'a key that BSON would cut short',
      '{"messages": [], "a\\u0000b": 1}',
      'holds a key that cannot be stored: "a\\u0000b"',
    ],
    ['JSON in UTF-16', Buffer.from(text, 'utf16le'), /not UTF-8|not JSON/],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), 'not UTF-8 text'],
    ['gzip cut off', gzipSync(text).subarray(0, -9), /^damaged or truncated gzip/],
    ['gzip of two bytes', Buffer.from([0x1f, 0x8b]), /^damaged or truncated gzip/],
    ['gzip of something else', gzipSync('hello'), /^there is no run that can be read/],
  ])('says what is wrong with %s', async (_, content, message) => {
    const error = await refusalOf(content);

    expect(error).toBeInstanceOf(UnreadableRecording);
    expect(error.message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('says that gzip is damaged when bytes in it are changed', async () => {
    const bytes = gzipSync(many);
    bytes.fill(0, 20, 40);

    expect((await refusalOf(bytes)).message).toMatch(/gzip/);
  });

  it('stops at the limit of a decompression bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20));
    const error = await refusalOf(bomb, { maxBytes: 1024 * 1024 });

    expect(bomb.length).toBeLessThan(16 * 1024);
    expect(error.message).toBe('unpacks to more than 1048576 bytes, which is the limit');
  });

  it('gives the runs before the place where an array breaks off', async () => {
    const seen: ReadRun[] = [];
    const reading = (async () => {
      for await (const entry of readRuns(inChunks(many.slice(0, -3)))) seen.push(entry);
    })();

    await expect(reading).rejects.toThrow(UnreadableRecording);
    expect(seen).toHaveLength(2);
  });

  it('gives up on a file of lines without a run in the first hundred', async () => {
    let lines = 0;
    async function* noise() {
      for (; lines < 1e6; lines++) yield Buffer.from('noise\n');
    }

    await expect(readAll(noise())).rejects.toThrow('there is no run that can be read; line 1');
    expect(lines).toBeLessThan(200);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linesOf } from '../../src/client/lines.js';

const bodyOf = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

const linesIn = async (body: ReadableStream<Uint8Array> | null): Promise<readonly string[]> => {
  const lines: string[] = [];
  for await (const line of linesOf(new Response(body))) lines.push(line);
  return lines;
};

const cutAt = (bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] => {
  const cuts = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
};

describe('reading a body line by line', () => {
  it('gives the same lines wherever the network cuts it, inside characters too', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() !== ''),
        ),
        fc.array(fc.nat(200)),
        async (texts, places) => {
          const lines = texts.map((text) => JSON.stringify(text));
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const chunks = cutAt(
            bytes,
            places.map((place) => Math.min(place, bytes.length)),
          );
          expect(await linesIn(bodyOf(chunks))).toEqual(lines);
        },
      ),
    ));

  it('gives a last line that has no end, and no empty ones', async () => {
    const bytes = new TextEncoder().encode('{"a":1}\n\n{"b":2}');
    expect(await linesIn(bodyOf([bytes]))).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('finds none in an answer without a body', async () => {
    expect(await linesIn(null)).toEqual([]);
  });

  it('says so when the body breaks off', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset by peer')),
    });
    await expect(linesIn(broken)).rejects.toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('reset by peer'),
    });
  });

  it('cancels the body when the reader leaves early', async () => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('line\n')),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const line of linesOf(new Response(endless))) {
      expect(line).toBe('line');
      break;
    }
    expect(isCancelled).toBe(true);
  });
});

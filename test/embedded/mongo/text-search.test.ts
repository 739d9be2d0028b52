import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Collection } from 'mongodb';
import { scoreTerms } from '../../../src/embedded/mongo/text.js';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Note = { _id: string; userId: string; title: string; body?: string | string[] };

describe('$text', () => {
  let mongo: TestMongo;
  let notes: Collection<Note>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    notes = mongo.client.db('text').collection<Note>('notes');
    await notes.createIndex(
      { userId: 1, title: 'text', body: 'text' },
      { weights: { title: 10 }, default_language: 'none' },
    );
    await notes.insertMany([
      { _id: 'coffee', userId: 'ann', title: 'Coffee', body: 'How to brew coffee at home' },
      { _id: 'cake', userId: 'ann', title: 'Coffee cake', body: 'A cake to go with it' },
      { _id: 'tea', userId: 'ann', title: 'Tea', body: 'Tea, not coffee.' },
      { _id: 'cafe', userId: 'ann', title: 'Café', body: ['GPT-4 recommends', 'the corner shop'] },
      { _id: 'other', userId: 'bob', title: 'Coffee', body: 'of somebody else' },
    ]);
  });
  afterAll(() => mongo.close());

  const find = async ($search: string, more: object = {}) => {
    const found = await notes.find({ userId: 'ann', $text: { $search }, ...more }).toArray();
    return found.map(({ _id }) => _id).sort();
  };

  it('finds any of the words, whatever their case and accents', async () => {
    expect(await find('COFFEE')).toEqual(['cake', 'coffee', 'tea']);
    expect(await find('cafe home')).toEqual(['cafe', 'coffee']);
    expect(await find('gpt')).toEqual(['cafe']);
    expect(await find('corner')).toEqual(['cafe']);
    expect(await find('brewing')).toEqual([]);
    expect(await find('')).toEqual([]);
  });

  it('finds phrases whole', async () => {
    expect(await find('"coffee cake"')).toEqual(['cake']);
    expect(await find('tea "brew coffee"')).toEqual(['coffee']);
  });

  it('leaves out what was ruled out', async () => {
    expect(await find('coffee -cake')).toEqual(['coffee', 'tea']);
    expect(await find('coffee -"at home"')).toEqual(['cake', 'tea']);
    expect(await find('-cake')).toEqual([]);
  });

  it('takes a hyphen inside a word for a space', async () => {
    expect(await find('gpt-4')).toEqual(['cafe']);
  });

  it('holds together with the rest of the filter', async () => {
    expect(await find('coffee', { _id: { $in: ['tea', 'other'] } })).toEqual(['tea']);
    expect(await notes.countDocuments({ userId: 'bob', $text: { $search: 'coffee' } })).toBe(1);
  });

  it('tells how well each fits, as MongoDB computes it, and sorts by that', async () => {
    const found = await notes
      .find(
        { userId: 'ann', $text: { $search: 'coffee' } },
        { projection: { _id: 1, score: { $meta: 'textScore' } } },
      )
      .sort({ score: { $meta: 'textScore' }, _id: 1 })
      .toArray();
    // Title alone: 10 * 1 * 1 * 1.1, with a sixth of the body; a half of a title; a third of a body.
    expect(found).toEqual([
      { _id: 'coffee', score: expect.closeTo(11 + (0.5 / 6 + 0.5), 10) },
      { _id: 'cake', score: expect.closeTo(7.5, 10) },
      { _id: 'tea', score: expect.closeTo(0.5 / 3 + 0.5, 10) },
    ]);
  });

  it('follows every change of a document', async () => {
    await notes.insertOne({ _id: 'new', userId: 'ann', title: 'Juice' });
    expect(await find('juice')).toEqual(['new']);
    await notes.updateOne({ _id: 'new' }, { $set: { title: 'Water' } });
    expect(await find('juice water')).toEqual(['new']);
    expect(await find('juice')).toEqual([]);
    await notes.updateOne({ _id: 'new' }, { $set: { userId: 'bob' } });
    expect(await find('water')).toEqual([]);
    await notes.deleteOne({ _id: 'new' });
    expect(await notes.countDocuments({ userId: 'bob', $text: { $search: 'water' } })).toBe(0);
  });

  it('works in updates and aggregations', async () => {
    const [stage] = await notes
      .aggregate([{ $match: { userId: 'ann', $text: { $search: 'coffee' } } }, { $count: 'n' }])
      .toArray();
    expect(stage).toEqual({ n: 3 });
    const result = await notes.updateMany(
      { userId: 'ann', $text: { $search: 'tea' } },
      { $set: { body: 'Tea, not coffee!' } },
    );
    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    await expect(
      notes.aggregate([{ $limit: 1 }, { $match: { $text: { $search: 'x' } } }]).toArray(),
    ).rejects.toMatchObject({ code: 2 });
  });

  it('finds what a statement before it in the same command has written', async () => {
    const statement = (q: object, u: object, more: object) => ({ q, u: { $set: u }, ...more });
    await mongo.client.db('text').command({
      update: 'notes',
      updates: [
        statement({ _id: 'new' }, { userId: 'eve', title: 'Milk' }, { upsert: true }),
        statement({ userId: 'eve', $text: { $search: 'milk' } }, { title: 'Rye' }, { multi: true }),
        statement({ userId: 'eve', $text: { $search: 'milk' } }, { title: 'Ale' }, { multi: true }),
      ],
    });
    expect(await notes.find({ userId: 'eve' }).toArray()).toEqual([
      { _id: 'new', userId: 'eve', title: 'Rye' },
    ]);
    expect(await notes.deleteMany({ userId: 'eve', $text: { $search: 'rye' } })).toMatchObject({
      deletedCount: 1,
    });
  });

  it('is explained', async () => {
    const { queryPlanner } = await notes
      .find({ userId: 'ann', $text: { $search: 'tea' } })
      .explain();
    expect(queryPlanner.winningPlan).toEqual({
      stage: 'TEXT_MATCH',
      indexName: 'userId_1_title_text_body_text',
    });
  });

  it('needs an index, and a value for every field before the text', async () => {
    const bare = mongo.client.db('text').collection('bare');
    await bare.insertOne({ title: 'x' });
    await expect(bare.findOne({ $text: { $search: 'x' } })).rejects.toMatchObject({ code: 27 });
    await expect(notes.findOne({ $text: { $search: 'x' } })).rejects.toMatchObject({ code: 2 });
    await expect(
      notes.findOne({ $or: [{ $text: { $search: 'x' } }, { userId: 'ann' }] }),
    ).rejects.toMatchObject({ code: 2 });
    await expect(bare.createIndex({ a: 'text' }, { unique: true })).rejects.toMatchObject({
      code: 2,
    });
  });
});

describe('the terms of a text', () => {
  it('are runs of letters and digits, whatever else is between them', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '7',
      ' ',
      '-',
      '\0',
      '\x7f',
      'é',
      'ß',
      '中',
      '\u0301',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
        const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
        const scores = scoreTerms({ text }, { text: 2 });
        expect([...scores.keys()]).toEqual([...new Set(words)]);
        for (const [term, score] of scores) {
          const count = words.filter((word) => word === term).length;
          const halves = Array.from({ length: count }, (_, n) => 2 ** -n);
          const frequency = halves.reduce((sum, half) => sum + half, 0);
          const share = (0.5 * count) / words.length + 0.5;
          expect(score).toBeCloseTo(2 * frequency * share * (plain === term ? 1.1 : 1), 10);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('count half of the time before with each time, until that is nothing', () => {
    const scoreOf = (times: number) =>
      scoreTerms({ text: 'a '.repeat(times) }, { text: 1 }).get('a');
    expect([1, 2, 9, 200].map(scoreOf)).toEqual([1, 1.5, 2 - 2 ** -8, 2]);
  });
});

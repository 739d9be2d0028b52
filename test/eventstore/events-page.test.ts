import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { schemaOfEvent } from '../../src/eventstore/schemas.js';

const page = readFileSync('docs/events.md', 'utf8');
const sources = readFileSync('src/eventstore/schemas.ts', 'utf8');

/** The names in a text, such as `held?` and `state`, of what a cell says first. */
const namesIn = (cell: string): readonly string[] => {
  const said = cell.replace(/\([^)]*\)|\{[^}]*\}|\[.*\]/g, '').replace(/: .*|, those .*/, '');
  return said.split(/, | or /).flatMap((part) => part.replaceAll('`', '').trim() || []);
};

/** What each row of the page's tables says of the data of its types. */
const rows: readonly (readonly [types: readonly string[], cell: string])[] = [
  ...page.matchAll(/^\| (`[A-Z][^|]*) \| (.*?) ?\|$/gm),
].map(([, types = '', cell = '']) => [namesIn(types), cell]);

/** The fields of a type as the page has them: those that may be missing with a question mark. */
const fieldsOf = (type: string): readonly string[] => {
  const schema = z.toJSONSchema(schemaOfEvent(type) ?? z.never(), { unrepresentable: 'any' });
  const variants = (schema.anyOf ?? [schema]) as readonly z.core.JSONSchema.ObjectSchema[];
  return [
    ...new Set(
      variants.flatMap(({ properties = {}, required = [] }) =>
        Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`)),
      ),
    ),
  ];
};

describe('the page of events', () => {
  it('lists the types that are stored, and no others', () => {
    const [, table = ''] = sources.split('const schemas:');
    const stored = [...table.matchAll(/^ {2}([A-Z]\w+): /gm)].map(([, type]) => type);
    const inProse = ['StreamForked', 'StreamDetached', 'EventArchived'];
    const listed = [...rows.flatMap(([types]) => types), ...inProse];
    const removals = ['RemovalBegun', 'RemovalWithdrawn', 'RemovalDecided'];
    expect(listed.sort()).toEqual([...stored, ...removals].sort());
  });

  it('says of each type which fields its data has, and which of them may be missing', () => {
    const described = rows.filter(
      ([[type = ''], cell]) => schemaOfEvent(type) && !/^the same/.test(cell),
    );
    const told = described.map(([types, cell]) => [types, [...namesIn(cell)].sort()]);
    const stored = described.map(([types]) => [types, [...fieldsOf(types[0] ?? '')].sort()]);
    expect(told).toEqual(stored);
  });
});

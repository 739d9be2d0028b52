import { after } from '../packing/after.js';
import { type Index, segmentPrefix } from './catalogue.js';
import { documentKey } from './documents.js';
import { CommandError } from './errors.js';
import type { Filter } from './filter.js';
import { idKeyOfEntry, keyLimit } from './index-entries.js';
import { cutKey, encodeKey, inverted } from './key-encoding.js';
import { decode } from './raw.js';
import type { Reading, Search } from './scan.js';
import { parseTextQuery, passesText } from './text.js';

const prefixOf = (index: Index, filter: Filter): Buffer =>
  Buffer.concat(
    index.fields.map(([path, direction]) => {
      const points = filter.bounds.flatMap(({ path: bound, intervals }) =>
        bound === path && intervals.length === 1 && intervals[0]?.isPoint ? intervals : [],
      );
      const [point] = points;
      if (!point)
        throw new CommandError(
          'BadValue',
          'failed to use text index to satisfy $text query (if text index is compound, are equality predicates given for all prefix fields?)',
        );
      return direction === 1 ? point.from.prefix : inverted(point.from.prefix);
    }),
  );

/** Finds documents by a text index, with their scores, in no order. */
export function* searchText(reading: Reading, index: Index): Search {
  const { store, collection, filter, examined } = reading;
  const query = parseTextQuery(filter.text ?? {});
  const weights = index.text?.weights ?? {};
  const prefix = prefixOf(index, filter);
  const scores = new Map<string, { idKey: Buffer; score: number }>();
  for (const term of query.terms) {
    const fields = cutKey(Buffer.concat([prefix, encodeKey(term)]), keyLimit(index));
    const from = Buffer.concat([segmentPrefix(index.segment), fields]);
    for (const { key, value } of store.entries({ from, to: after(from) })) {
      examined.keys++;
      const idKey = idKeyOfEntry(key);
      const name = idKey.toString('latin1');
      const score = (scores.get(name)?.score ?? 0) + value.readDoubleLE();
      scores.set(name, { idKey, score });
      yield undefined;
    }
  }
  for (const { idKey, score } of scores.values()) {
    const raw = store.get(documentKey(collection, idKey));
    if (!raw) continue;
    examined.documents++;
    const document = decode(raw);
    const fits = filter.test(document) && passesText(query, document, weights);
    yield fits ? { idKey, raw, document, score } : undefined;
  }
}

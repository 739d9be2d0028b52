import { after } from '../packing/after.js';
import type { Index } from './catalogue.js';
import { documentKey } from './documents.js';
import { CommandError } from './errors.js';
import type { Filter } from './filter.js';
import { inverted } from './key-encoding.js';
import { type Posting, postingsOf, wordPrefix } from './postings.js';
import { decode } from './raw.js';
import type { Reading, Search } from './scan.js';
import type { Store } from './store.js';
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

/** The documents that have a word, each once, in order. While this waits, others may write the entries anew. */
function* postingsUnder(store: Store, word: Buffer): Generator<Posting> {
  let last: Buffer | undefined;
  for (const entry of store.entries({ from: word, to: after(word) }))
    for (const posting of postingsOf(entry)) {
      if (last && Buffer.compare(posting.idKey, last) <= 0) continue;
      last = posting.idKey;
      yield posting;
    }
}

/** Finds documents by a text index, with their scores, in no order. */
export function* searchText(reading: Reading, index: Index): Search {
  const { store, collection, filter, examined } = reading;
  const query = parseTextQuery(filter.text ?? {});
  const weights = index.text?.weights ?? {};
  const prefix = prefixOf(index, filter);
  const scores = new Map<string, { idKey: Buffer; score: number }>();
  for (const term of query.terms) {
    for (const { idKey, score } of postingsUnder(store, wordPrefix(index, prefix, term))) {
      examined.keys++;
      const name = idKey.toString('latin1');
      scores.set(name, { idKey, score: score + (scores.get(name)?.score ?? 0) });
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

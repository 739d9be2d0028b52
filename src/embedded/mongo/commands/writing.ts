import type { Document } from 'bson';
import { type Command, type Context, namespaceOf, writeWith } from '../context.js';
import { documentKey } from '../documents.js';
import { CommandError } from '../errors.js';
import { pacer } from '../pace.js';
import { decode, withIdFirst, without } from '../raw.js';
import type { Found } from '../scan.js';
import {
  findTargets,
  modify,
  parseModifier,
  parseTarget,
  stillFits,
  type Target,
  typedFilter,
  upsert,
} from '../statements.js';
import { maxWriteBatchSize, type Request } from '../wire.js';

const mostPerTransaction = 1000;
const writeMilliseconds = 20;

type Totals = { n: number; nModified: number; upserted: Document[] };

/** Carries out one statement inside the write; gives back what is too much for one transaction. */
type Statement = (totals: Totals) => (() => Promise<void>) | undefined;

const writeError = (index: number, { code, message, details }: CommandError): Document => ({
  index,
  code,
  errmsg: message,
  ...details,
});

// All statements share a transaction, up to a thousand. One that fails wrote nothing itself, so
// what came before it stays; an ordered command ends there.
const runStatements = async (
  context: Context,
  { batch, args }: Request,
  parse: (raw: Buffer, index: number) => Statement,
): Promise<Document> => {
  const totals: Totals = { n: 0, nModified: 0, upserted: [] };
  const errors: Document[] = [];
  const isOrdered = args.ordered !== false;
  let next = 0;
  const fail = (index: number, error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    errors.push(writeError(index, error));
    if (isOrdered) next = batch.length;
  };
  while (next < batch.length) {
    const large = await writeWith(context, () => {
      for (let done = 0; next < batch.length && done < mostPerTransaction; done++) {
        const index = next++;
        try {
          const rest = parse(batch[index] ?? Buffer.alloc(0), index)(totals);
          if (rest) return { index, rest };
        } catch (error) {
          fail(index, error);
        }
      }
      return undefined;
    });
    if (large) await large.rest().catch((error: unknown) => fail(large.index, error));
  }
  return {
    n: totals.n,
    ...(totals.upserted.length > 0 && { upserted: totals.upserted }),
    ...(errors.length > 0 && { writeErrors: errors }),
    totals,
  };
};

const checkBatch = ({ batch, name }: Request) => {
  if (batch.length === 0 || batch.length > maxWriteBatchSize)
    throw new CommandError(
      'InvalidLength',
      `Write batch sizes must be between 1 and ${maxWriteBatchSize}. Got ${batch.length} operations (${name}).`,
    );
};

/** The command `insert`: a document without `_id` is given an ObjectId. */
export const insert: Command = async (context, request) => {
  const ns = namespaceOf(request);
  checkBatch(request);
  const { totals: _, ...reply } = await runStatements(context, request, (raw) => (totals) => {
    context.documents.insert(ns, withIdFirst(raw));
    totals.n++;
    return undefined;
  });
  return { ...reply, ok: 1 };
};

// Every document is found before the first is changed: a change must not bring one into the way of
// the search a second time. A search that takes long goes on outside the transaction, and what it
// found is looked at again when its turn to be changed comes.
const applyTo = (
  context: Context,
  target: Target,
  limit: number,
  apply: (found: Found) => void,
): (() => Promise<void>) | undefined => {
  const found: Found[] = [];
  let looked = 0;
  for (const each of findTargets(context, target, limit)) {
    if (each) found.push(each);
    if (++looked > mostPerTransaction) return () => applyInSlices(context, target, limit, apply);
  }
  for (const each of found) apply(each);
  return undefined;
};

const applyInSlices = async (
  context: Context,
  target: Target,
  limit: number,
  apply: (found: Found) => void,
): Promise<void> => {
  const { store, catalogue } = context;
  const pause = pacer();
  const idKeys: Buffer[] = [];
  for (const each of findTargets(context, target, limit)) {
    if (each) idKeys.push(each.idKey);
    await pause();
  }
  for (let at = 0; at < idKeys.length; ) {
    await writeWith(context, () => {
      const start = performance.now();
      for (; at < idKeys.length && performance.now() - start < writeMilliseconds; at++) {
        const idKey = idKeys[at];
        const collection = catalogue.find(target.ns);
        if (!idKey || !collection) continue;
        const still = stillFits(target.filter, idKey, store.get(documentKey(collection, idKey)));
        if (still) apply(still);
      }
    });
  }
};

/** The command `update`: replacements and operators, upserts included. */
export const update: Command = async (context, request) => {
  const ns = namespaceOf(request);
  checkBatch(request);
  const reply = await runStatements(context, request, (raw, index) => {
    // The update itself stays as it came: a replacement is decoded once, as what it is.
    const args = decode(without(raw, 'u'));
    const target = parseTarget(ns, args, 'q');
    const modifier = parseModifier(raw, 'u');
    return (totals) => {
      const apply = (found: Found) => {
        const { isChanged } = modify(context, ns, modifier, found);
        totals.n++;
        if (isChanged) totals.nModified++;
      };
      const before = totals.n;
      const insertIfNone = () => {
        if (totals.n > before || !args.upsert) return;
        const { id } = upsert(context, ns, modifier, typedFilter(raw, 'q'));
        totals.n++;
        totals.upserted.push({ index, _id: id });
      };
      const rest = applyTo(context, target, args.multi ? 0 : 1, apply);
      if (rest) return () => rest().then(() => writeWith(context, insertIfNone));
      insertIfNone();
      return undefined;
    };
  });
  const { totals, ...rest } = reply;
  return { ...rest, nModified: totals.nModified, ok: 1 };
};

/** The command `delete`. */
export const remove: Command = async (context, request) => {
  const ns = namespaceOf(request);
  checkBatch(request);
  const { totals: _, ...reply } = await runStatements(context, request, (raw) => {
    const args = decode(raw);
    const target = parseTarget(ns, args, 'q');
    return (totals) => {
      const apply = ({ idKey, raw: old, document }: Found) => {
        context.documents.remove(ns, idKey, document ?? decode(old));
        totals.n++;
      };
      return applyTo(context, target, Number(args.limit) === 1 ? 1 : 0, apply);
    };
  });
  return { ...reply, ok: 1 };
};

import type { Document } from 'bson';
import { type Command, namespaceOf, writeWith } from '../context.js';
import { CommandError } from '../errors.js';
import { compileProjection } from '../projection.js';
import { decodeTyped } from '../raw.js';
import { documentOf, type Found } from '../scan.js';
import {
  findTargets,
  modify,
  parseModifier,
  parseTarget,
  typedFilter,
  upsert,
} from '../statements.js';

/** Changes or removes one document and answers with it, in one transaction. */
export const findAndModify: Command = (context, request) => {
  const ns = namespaceOf(request);
  const { args, body } = request;
  const target = parseTarget(ns, args, 'query');
  const project = compileProjection(args.fields);
  if (Boolean(args.remove) === (args.update !== undefined))
    throw new CommandError('FailedToParse', 'Either an update or remove=true must be specified');
  const modifier = args.remove ? undefined : parseModifier(body, 'update');
  const shown = (raw: Buffer): Document => decodeTyped(project({ raw }));

  return writeWith(context, (): Document => {
    let found: Found | undefined;
    for (const each of findTargets(context, target, 1)) if (each) found = each;
    if (!modifier) {
      if (found) context.documents.remove(ns, found.idKey, documentOf(found));
      const lastErrorObject = { n: found ? 1 : 0 };
      return { lastErrorObject, value: found ? shown(found.raw) : null, ok: 1 };
    }
    if (found) {
      const { raw } = modify(context, ns, modifier, found);
      const value = shown(args.new ? raw : found.raw);
      return { lastErrorObject: { n: 1, updatedExisting: true }, value, ok: 1 };
    }
    if (!args.upsert)
      return { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 };
    const { id, raw } = upsert(context, ns, modifier, typedFilter(body, 'query'));
    return {
      lastErrorObject: { n: 1, updatedExisting: false, upserted: id },
      value: args.new ? shown(raw) : null,
      ok: 1,
    };
  });
};

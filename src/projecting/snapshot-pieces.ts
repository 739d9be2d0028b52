import { fingerprint } from '../domain/fingerprint.js';
import type { Segment } from '../domain/fork.js';
import { sizeOf } from '../eventstore/size.js';
import type { Layer } from '../eventstore/snapshots.js';
import { withFields } from '../fields.js';

/** Where a layer lies. */
type Place = Pick<Layer, 'stream' | 'revision' | 'ancestors'>;

/** A piece of a layer: its head, its commands, or some of its entries. Never changed once written. */
export type Piece = Readonly<{
  _id: string;
  stream: string;
  part: 'head' | 'commands' | 'entries';
  /** Whose entries it has. */
  keys?: readonly string[];
  revision: number;
  position: number;
  /** On heads. Those of earlier programs have none. */
  making?: string;
  /** On streams that are forks. */
  ancestors?: readonly string[];
  /** JSON. As text, it comes back as the events it was made of do. */
  body: string;
  /** Of everything above: a piece that is not what was written is not used. */
  digest: string;
}>;

/**
 * How large the entries of one piece are together, by a rough count in bytes; one that is larger has a piece of
 * its own. Many in one cost far less to write, and few little more to look one up.
 */
const enoughBytes = 32 * 1_024;

/**
 * The pieces of layers of one stream that lie on one another, and which have to be there once they are
 * written: all of them, and the head of the layer below.
 *
 * @param making what no other making of layers is called
 */
export const piecesOf = (layers: readonly Layer[], making: string) => {
  const heads = layers.map((layer) => headPiece(layer, making));
  const others = layers.flatMap(otherPieces);
  const [first] = layers;
  return {
    heads,
    others,
    needed: [
      ...(first?.before ? [idOf(below(first, first.before), 'head')] : []),
      ...[...heads, ...others].map(({ _id }) => _id),
    ],
  };
};

/** The place of the layer below another. */
const below = ({ stream, ancestors }: Layer, { stream: holder, through }: Segment): Place => ({
  stream: holder,
  revision: through,
  ancestors: holder === stream ? ancestors : ancestors.slice(0, ancestors.indexOf(holder)),
});

/** What a stream was is the same whatever it was made on, but the pieces of two makings do not mix. */
const idOf = ({ stream, revision, ancestors }: Place, name: string): string =>
  [`${stream}@${revision}`, name, ...(ancestors.length > 0 ? [fingerprint(ancestors)] : [])].join(
    ' ',
  );

const pieceOf = (
  layer: Layer,
  { name, ...which }: Pick<Piece, 'part' | 'keys' | 'making'> & Readonly<{ name: string }>,
  value: unknown,
): Piece => {
  const { stream, revision, position, ancestors } = layer;
  const content = {
    _id: idOf(layer, name),
    stream,
    ...which,
    revision,
    position,
    ...(ancestors.length > 0 && { ancestors }),
    body: JSON.stringify(value),
  };
  return withFields(content, { digest: fingerprint(content) });
};

const headPiece = (layer: Layer, making: string): Piece =>
  pieceOf(layer, { name: 'head', part: 'head', making }, { state: layer.head, count: layer.count });

const otherPieces = (layer: Layer): readonly Piece[] => [
  ...entriesInParts(layer).map((entries, n) => {
    const keys = entries.map(([key]) => key);
    return pieceOf(layer, { name: `entries ${n}`, part: 'entries', keys }, entries);
  }),
  ...(layer.commands.length > 0
    ? [pieceOf(layer, { name: 'commands', part: 'commands' }, layer.commands)]
    : []),
];

type Entry = readonly [key: string, value: unknown];

const entriesInParts = ({ entries }: Layer): readonly (readonly Entry[])[] => {
  const parts: Entry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    bytes += sizeOf(entry);
    if (bytes > enoughBytes) {
      parts.push([]);
      bytes = sizeOf(entry);
    }
    parts.at(-1)?.push(entry);
  }
  return parts;
};

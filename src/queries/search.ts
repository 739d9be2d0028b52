import type { Filter } from 'mongodb';
import type { Caller } from '../commands/request.js';
import type { Collections, MessageRow } from './collections.js';
import { fromCursor, type Page, toCursor } from './page.js';
import { visibleTo } from './visible.js';

export type MessageHit = Readonly<{
  id: string;
  sessionId: string;
  role: MessageRow['role'];
  createdAt?: string;
  /** Larger is better; compares hits of one search only. */
  score: number;
  /** Pieces of the text around what was found, the words found marked with `<em>`; the rest is HTML-escaped. */
  highlights: readonly string[];
}>;

export type SearchOptions = Readonly<{
  /** Words; "a phrase"; -without. */
  q: string;
  sessionId?: string;
  cursor?: string;
  limit: number;
}>;

/** How deep a search can be paged into. */
const deepest = 10_000;

/** Full-text search over the messages that a caller may see, best match first. @throws BadCursor */
export const searchMessages = async (
  { messages }: Collections,
  caller: Caller,
  { q, sessionId, cursor, limit }: SearchOptions,
): Promise<Page<MessageHit>> => {
  const skip = cursor === undefined ? 0 : Number(fromCursor(cursor, ['number'])[0]);
  const filter: Filter<MessageRow> = {
    $text: { $search: q },
    ...visibleTo(caller),
    to: null,
    deleted: false,
    ...(sessionId !== undefined && { stream: `session-${sessionId}` }),
  };
  const found = await messages
    .find<MessageRow & { score: number }>(filter, {
      projection: { score: { $meta: 'textScore' } },
    })
    .sort({ score: { $meta: 'textScore' }, _id: 1 })
    .skip(skip)
    .limit(limit + 1)
    .toArray();
  const more = found.length > limit && skip + limit < deepest;
  return {
    items: found.slice(0, limit).map((row) => ({
      id: row.messageId,
      sessionId: row.stream.slice('session-'.length),
      role: row.role,
      ...(row.createdAt !== undefined && { createdAt: row.createdAt }),
      score: row.score,
      highlights: highlightsOf(row.text ?? '', wordsOf(q)),
    })),
    next: more ? toCursor([skip + limit]) : null,
  };
};

const wordsOf = (q: string): readonly string[] =>
  q
    .replace(/(^|\s)-\S+/g, ' ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 0);

const around = 60;
const mostHighlights = 3;

/** Up to three pieces of a text around the words, each word marked with `<em>`; the rest is HTML-escaped. */
const highlightsOf = (text: string, words: readonly string[]): readonly string[] => {
  if (words.length === 0) return [];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  const pieces: string[] = [];
  let shown = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index < shown) continue;
    const start = Math.max(shown, match.index - around);
    shown = Math.min(text.length, match.index + match[0].length + around);
    const piece = text.slice(start, shown);
    pieces.push(escapeHtml(piece).replace(pattern, '<em>$&</em>'));
    if (pieces.length === mostHighlights) break;
  }
  return pieces;
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));

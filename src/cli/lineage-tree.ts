import type { ForkNode, LineageNode } from '../client/client.js';
import { linkTo } from './stream-reference.js';
import type { Terminal } from './terminal.js';
import { count, shownTime } from './text.js';

type Screen = Pick<Terminal, 'paint' | 'width'>;

/**
 * Draws a family of streams, a line a stream, forks below what they were forked from in the order
 * of the revisions they were forked at. Streams are named in full on the narrowest screen: they are
 * what the next command is asked about.
 *
 * @param asked the stream that is pointed out
 */
export const lineageTree = (
  tree: LineageNode,
  asked: string,
  screen: Screen,
): readonly string[] => {
  const lines: string[] = [];
  // A list of what is left to draw instead of recursion: chains of forks can be thousands long.
  const left: { node: LineageNode | ForkNode; lead: string; below: string }[] = [
    { node: tree, lead: '', below: '' },
  ];
  for (let next = left.pop(); next; next = left.pop()) {
    const { node, lead, below } = next;
    lines.push(`${screen.paint('dim', lead)}${label(node, asked, screen, lead.length)}`);
    const forks = [...node.forks].sort((a, b) => a.at - b.at).reverse();
    for (const [index, fork] of forks.entries()) {
      const isLast = index === 0;
      left.push({
        node: fork,
        lead: `${below}${isLast ? '└─ ' : '├─ '}`,
        below: `${below}${isLast ? '   ' : '│  '}`,
      });
    }
  }
  return lines;
};

const label = (
  node: LineageNode | ForkNode,
  asked: string,
  { paint, width = Number.POSITIVE_INFINITY }: Screen,
  indent: number,
): string => {
  const isAsked = node.stream === asked;
  const at = 'at' in node ? `@${node.at} ` : '';
  const mark = isAsked ? '  ← asked for' : '';
  const room = width - indent - `${at}${node.stream}${mark}`.length;
  return [
    paint('yellow', at),
    isAsked ? paint('bold', node.stream) : node.stream,
    paint('dim', factsOf(node, room)),
    paint('green', mark),
  ].join('');
};

/** How far a stream has come, how much of that is its own, and since when: as much of it as there is room for. */
const factsOf = (node: LineageNode | ForkNode, room: number): string => {
  const own = `${count(node.ownEvents, 'event')}${'at' in node ? ' of its own' : ''}`;
  const { detachedFrom: from } = node;
  const past = from ? [`detached from ${linkTo(from.stream, from.revision)}`] : [];
  const facts = [`head ${node.revision}`, own, ...past, `${shownTime(node.createdAt)} UTC`];
  const texts = facts.map((_, index) => `  ${facts.slice(0, index + 1).join(', ')}`);
  return texts.findLast((text) => text.length <= room) ?? '';
};

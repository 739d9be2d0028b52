import type { ForkNode, LineageNode } from '../client/client.js';
import { linkTo } from './stream-reference.js';
import type { Paint } from './terminal.js';
import { shownTime } from './text.js';

/**
 * Draws a family of streams, a line a stream, forks below what they were forked from in the order
 * of the revisions they were forked at.
 *
 * @param asked the stream that is pointed out
 */
export const lineageTree = (tree: LineageNode, asked: string, paint: Paint): readonly string[] => {
  const lines: string[] = [];
  // A list of what is left to draw instead of recursion: chains of forks can be thousands long.
  const left: { node: LineageNode | ForkNode; lead: string; below: string }[] = [
    { node: tree, lead: '', below: '' },
  ];
  for (let next = left.pop(); next; next = left.pop()) {
    const { node, lead, below } = next;
    lines.push(`${paint('dim', lead)}${label(node, asked, paint)}`);
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

const label = (node: LineageNode | ForkNode, asked: string, paint: Paint): string => {
  const isAsked = node.stream === asked;
  const at = 'at' in node ? `${paint('yellow', `@${node.at}`)} ` : '';
  const name = isAsked ? paint('bold', node.stream) : node.stream;
  const facts = paint('dim', `head ${node.revision}, ${shownTime(node.createdAt)} UTC`);
  const from = node.detachedFrom && linkTo(node.detachedFrom.stream, node.detachedFrom.revision);
  const past = from === undefined ? '' : paint('dim', `, detached from ${from}`);
  return `${at}${name}  ${facts}${past}${isAsked ? paint('green', '  ← asked for') : ''}`;
};

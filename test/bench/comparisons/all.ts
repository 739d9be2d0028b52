import type { Comparison } from '../harness/comparison.js';
import { commands } from './commands.js';
import { feed } from './feed.js';
import { langGraph } from './langgraph.js';
import { projections } from './projections.js';
import { queries } from './queries.js';
import { start } from './start.js';
import { tasks } from './tasks.js';
import { timeTravel } from './time-travel.js';

/** What `npm run bench` measures, in this order. */
export const comparisons: readonly Comparison[] = [
  commands,
  queries,
  projections,
  timeTravel,
  langGraph,
  tasks,
  feed,
  start,
];

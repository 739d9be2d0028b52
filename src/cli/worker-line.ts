import type { ClaimedTask, EndReason, WorkerNews } from '../client/client.js';
import type { Terminal } from './terminal.js';
import { count, cut, oneLine, shownTime, widthOf } from './text.js';

/** A line that a task's program wrote to its standard error. */
export type ProgramLine = Readonly<{ type: 'said'; task: ClaimedTask; line: string }>;

const endings: Readonly<Record<EndReason, string>> = {
  'lease-lost': 'ending it: somebody else has the task now',
  'cancel-requested': 'ending it: the task was cancelled',
  stopping: 'ending it: the worker stops',
};

const stops = {
  asked: 'asked to stop',
  signal: 'stopping',
  done: 'takes no more tasks',
  refused: 'refused by the server',
} as const;

/** What a worker does, on a line: when, which task, what. */
export const workerLine = (
  news: WorkerNews | ProgramLine,
  { paint, width }: Pick<Terminal, 'paint' | 'width'>,
  now = new Date(),
): string => {
  const time = shownTime(now.toISOString());
  const place = 'task' in news ? `task-${news.task.id}` : '';
  const room =
    width === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(20, 2 * width - widthOf(`${time}  ${place}  `));
  const text = cut(oneLine(words(news)), room);
  const colour = colourOf(news);
  const said = colour ? paint(colour, text) : text;
  return [paint('dim', time), ...(place === '' ? [] : [paint('yellow', place)]), said].join('  ');
};

const colourOf = ({ type }: WorkerNews | ProgramLine) => {
  if (type === 'completed') return 'green';
  if (type === 'failed' || type === 'lost') return 'red';
  if (type === 'unreachable' || type === 'ending') return 'magenta';
  return type === 'said' ? 'dim' : undefined;
};

const words = (news: WorkerNews | ProgramLine): string => {
  switch (news.type) {
    case 'registered':
      return `worker ${news.workerId} is registered and waits for tasks`;
    case 'claimed': {
      const { type, queue, attempt, maxAttempts } = news.task;
      return `${type} from ${queue}, attempt ${attempt} of ${maxAttempts}`;
    }
    case 'progress':
      return `${news.percent} % ${news.status ?? ''}`;
    case 'said':
      return `│ ${news.line}`;
    case 'ending':
      return endings[news.reason];
    case 'completed':
      return `completed in ${duration(news.tookMs)}`;
    case 'failed':
      return `failed after ${duration(news.tookMs)}${outlook(news)}: ${news.error.split('\n', 1)[0]}`;
    case 'lost':
      return `over after ${duration(news.tookMs)}, and no longer this worker's`;
    case 'unreachable':
      return `${news.detail}; trying again until it is back`;
    case 'reachable':
      return 'the server is back';
    case 'stopping':
      return news.running === 0 || news.why === 'done'
        ? stops[news.why]
        : `${stops[news.why]}, once ${count(news.running, 'task')} ended`;
    case 'stopped':
      return 'stopped';
  }
};

const outlook = ({ retryable, task }: Extract<WorkerNews, { type: 'failed' }>): string => {
  if (!retryable) return ', not to be tried again';
  return task.attempt < task.maxAttempts ? '' : ', the last attempt';
};

const duration = (ms: number): string =>
  ms < 60_000
    ? `${(ms / 1_000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;

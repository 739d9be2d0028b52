import { type LogLine, linesOf } from '../log-lines.js';
import { type Finding, findingOf } from './finding.js';

/**
 * What clients were answered: nothing that no client should see, nothing missing of what they had
 * written, and nothing that was acknowledged as made is not found later.
 */
export const checkAnswers = (log: readonly LogLine[]): readonly Finding[] => {
  const wrong = findingOf('no answer was a fault of the program');
  const reads = findingOf('what was written was read');
  const found = findingOf('what was made is found');
  const incidents = findingOf('no process ended by itself');

  wrong.look(linesOf(log, 'acknowledged').length + linesOf(log, 'refused').length);
  for (const { id, status, code, detail } of linesOf(log, 'wrong'))
    wrong.broken(id, `was answered ${status} ${code} (${detail})`);

  const intents = new Map(linesOf(log, 'intent').map((intent) => [intent.id, intent]));
  for (const { id, found, detail } of linesOf(log, 'read')) {
    reads.look();
    if (!found) reads.broken(`${intents.get(id)?.kind} ${id}`, detail);
  }

  // In the order of the log: what is known to be there when a command is refused.
  const made = new Set<string>();
  for (const line of log) {
    if (line.log === 'acknowledged') {
      const { makes } = intents.get(line.id) ?? {};
      if (makes !== undefined) made.add(makes);
    } else if (line.log === 'refused') {
      found.look();
      const { kind, needs = [] } = intents.get(line.id) ?? {};
      const missing = needs.filter((stream) => made.has(stream));
      const category = missing[0]?.split('-', 1)[0];
      if (line.status === 404 && line.code === `${category}-not-found`)
        found.broken(`${kind} ${line.id}`, `${missing} was made, and then ${line.code}`);
      if (line.status === 400 || line.status === 422)
        wrong.broken(`${kind} ${line.id}`, `was answered ${line.status} ${line.code}`);
    }
  }
  incidents.look();
  for (const { what } of linesOf(log, 'incident')) incidents.broken('the run', what);
  return [wrong.done(), reads.done(), found.done(), incidents.done()];
};

import Sequencer from '@jest/test-sequencer';

/** What takes longest, so that none of it is left running alone at the end. */
const longest = [
  'torture/torture',
  'end-to-end/recorded-runs',
  'reactions/deadlines-over-crashes',
  'projecting/parked-crashes',
  'webhooks/nodes',
  'projecting/rebuilding',
  'http/rebuild',
  'reliability/queue-history',
  'fixtures/earlier-stores',
  'projecting/two-at-once',
  'http/fork-lists',
  'replay/snapshot-properties',
  'embedded/eventstore/model',
  'projecting/snapshots',
  'http/stopping',
  'cli/commands',
  'reactions/deadlines',
  'reliability/several-nodes',
];

/** Begins with the longest files, whether this is the first run in a clone or not; the rest goes as Jest has it. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => {
      const place = longest.findIndex((name) => path.endsWith(`/test/${name}.test.js`));
      return place < 0 ? longest.length : place;
    };
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
}

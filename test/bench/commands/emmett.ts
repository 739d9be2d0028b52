// Emmett's command handler over PostgreSQL: what a command takes on streams of different lengths, one at a
// time, and commands a second with 1 and 64 in flight.
//   node dist/test/bench/commands/emmett.js [--lengths 10,1000,100000] [--rounds 5] [--ms 1500] [--json file]
import { parseArgs } from 'node:util';
import { textOf } from '../core/support/traffic.js';
import { writeMeasured } from '../harness/findings.js';
import { medianTimes, rateOf } from '../harness/turns.js';
import { type EmmettEvent, startEmmett } from '../peers/emmett.js';
import { median } from '../replay/support/median.js';

const { values } = parseArgs({
  options: {
    lengths: { type: 'string', default: '10,1000,100000' },
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1500' },
    json: { type: 'string' },
  },
});
const lengths = values.lengths.split(',').map(Number);
const rounds = Number(values.rounds);
const eventsAtOnce = 1_000;

const event: EmmettEvent = { type: 'MessagePosted', data: { role: 'user', content: textOf(7) } };

/** What could be measured. */
const measure = async () => {
  const emmett = await startEmmett((line) => console.error(line));
  if (typeof emmett === 'string') return { leftOut: [emmett] };
  const { store } = emmett;
  const handle = emmett.commandHandler((state) => state);
  const command = (stream: string) => handle(store, stream, () => [event]);
  for (const length of lengths)
    for (let written = 0; written < length; written += eventsAtOnce) {
      const events = Array.from({ length: Math.min(eventsAtOnce, length - written) }, () => event);
      await store.appendToStream(`of-${length}`, events);
    }
  console.error('streams are written');
  // Every command reads its whole stream, which takes long where it is long.
  const measured = lengths.map((length) => ({
    what: `${length}`,
    run: () => command(`of-${length}`),
  }));
  const medians = await medianTimes(measured, rounds, 1);
  const rates = [];
  for (const inFlight of [1, 64]) {
    const all: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const rate = await rateOf(inFlight, Number(values.ms), (n) => command(`in-${round}-${n}`));
      if (round > 0) all.push(rate);
    }
    rates.push({ inFlight, perSecond: median(all) });
  }
  await emmett.close();
  return { lengths, medians, rates, leftOut: [] };
};

const measured = await measure();
await writeMeasured(values.json, measured);
console.log(JSON.stringify(measured, undefined, 2));

// Emmett's consumer over PostgreSQL with a Pongo projection of one document a stream, from the first event
// on: events a second.
//   node dist/test/bench/core/emmett-consumer.js [--streams 40] [--json file]
import { parseArgs } from 'node:util';
import { writeMeasured } from '../harness/findings.js';
import { type EmmettEvent, startEmmett } from '../peers/emmett.js';
import { textOf } from './support/traffic.js';

const { values } = parseArgs({
  options: { streams: { type: 'string', default: '40' }, json: { type: 'string' } },
});
const eventsEach = 51;
const type = 'MessagePosted';

const measure = async () => {
  const emmett = await startEmmett((line) => console.error(line));
  if (typeof emmett === 'string') return { leftOut: [emmett] };
  const { store } = emmett;
  const count = Number(values.streams);
  for (let n = 0; n < count; n++) {
    const events = Array.from(
      { length: eventsEach },
      (_, at): EmmettEvent => ({ type, data: { role: 'user', content: textOf(at) } }),
    );
    await store.appendToStream(`session-${n}`, events);
  }
  console.error('streams are written');
  const projection = emmett.projection({
    ...{ collectionName: 'sessions', canHandle: [type], initialState: () => ({ messages: 0 }) },
    evolve: (document: { messages: number }) => ({ ...document, messages: document.messages + 1 }),
  });
  const consumer = store.consumer({ stopWhen: { noMessagesLeft: true } });
  consumer.projector({ processorId: 'sessions', projection, startFrom: 'BEGINNING' });
  const began = performance.now();
  await consumer.start();
  const perSecond = (count * eventsEach * 1_000) / (performance.now() - began);
  await consumer.close();
  await emmett.close();
  return { events: count * eventsEach, perSecond, leftOut: [] };
};

const measured = await measure();
await writeMeasured(values.json, measured);
console.log(JSON.stringify(measured));

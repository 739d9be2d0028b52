import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { connectDatabase } from '../../../src/queries/database.js';
import { numberOf } from '../../support/new-events.js';
import { startTestReactions } from './reactions.js';

// A node with one reaction, in a process of its own. Prints what it handles, and hangs with what it
// has after so many events.

const [eventStoreUrl = '', mongoUrl = '', name = '', hangsAfter = ''] = process.argv.slice(2);
const { db } = await connectDatabase(mongoUrl, 'forkline');
let handled = 0;
await startTestReactions(
  { store: connectEventStore(eventStoreUrl), db },
  {
    name,
    categories: [name],
    handle: async (event) => {
      if (handled >= Number(hangsAfter)) return new Promise<never>(() => {});
      handled += 1;
      process.stdout.write(`${event.stream}#${numberOf(event)}\n`);
    },
  },
);

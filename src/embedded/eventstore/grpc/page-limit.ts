import type { PageLimit } from '../storage/event-log.js';

/** How much is read at a time for one client. */
export const pageLimit: PageLimit = { events: 128, bytes: 1024 * 1024 };

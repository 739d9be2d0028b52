import { serveInThread } from '../server-thread.js';
import { serveEventStore } from './serve.js';

serveInThread(serveEventStore);

import { serveInThread } from '../server-thread.js';
import { startServer } from './server.js';

serveInThread(startServer);

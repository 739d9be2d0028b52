import { startMongo } from '../../../../src/embedded/mongo/start.js';

// Runs until it is killed.
const start = performance.now();
const { url } = await startMongo({ dataDir: process.argv[2] ?? '' });
process.stdout.write(`${JSON.stringify({ url, openedIn: performance.now() - start })}\n`);

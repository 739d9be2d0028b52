#!/usr/bin/env node
import { registerDetach } from './detach.js';
import { registerDiff } from './diff.js';
import { registerExport } from './export.js';
import { registerFork } from './fork.js';
import { registerImport } from './import.js';
import { registerInspect } from './inspect.js';
import { registerKeys } from './keys.js';
import { registerLineage } from './lineage.js';
import { registerParked } from './parked.js';
import { registerProjections } from './projections.js';
import { registerRebuild } from './rebuild.js';
import { run } from './run.js';
import { registerServe } from './serve.js';
import { registerStores } from './stores.js';
import { registerTail } from './tail.js';
import { registerTimeline } from './timeline.js';
import { registerWorker } from './worker.js';

// `forkline timeline … | head` closes the pipe early, which is no failure.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  process.exit(code === 'EPIPE' ? 0 : 1);
});

const exitCode = await run(
  [
    registerServe,
    registerStores,
    registerKeys,
    registerImport,
    registerTail,
    registerTimeline,
    registerInspect,
    registerDiff,
    registerFork,
    registerDetach,
    registerLineage,
    registerExport,
    registerProjections,
    registerParked,
    registerRebuild,
    registerWorker,
  ],
  process.argv,
);
// A command may have said so itself.
if (exitCode !== 0) process.exitCode = exitCode;

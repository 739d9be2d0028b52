export type { EventStoreOptions, EventStoreThread } from './eventstore/start.js';
export { startEventStore } from './eventstore/start.js';
export { FolderInUse } from './folder-lock.js';
export type { EmbeddedMongo, MongoOptions } from './mongo/start.js';
export { startMongo } from './mongo/start.js';

import type { Store } from '../storage/store.js';
import { serveAppend } from './append.js';
import { serveBatchAppend } from './batch-append.js';
import { serveDelete, serveTombstone } from './delete.js';
import { serveRead } from './read.js';
import type { Service } from './service.js';

/** The Streams service: append, read, subscribe, delete. */
export const streams = (store: Store, maxAppendSize: number): Service => ({
  name: 'event_store.client.streams.Streams',
  methods: {
    Read: { kind: 'server-stream', serve: serveRead(store) },
    Append: { kind: 'client-stream', serve: serveAppend(store.writer, maxAppendSize) },
    BatchAppend: { kind: 'duplex', serve: serveBatchAppend(store.writer, maxAppendSize) },
    Delete: { kind: 'unary', serve: serveDelete(store.writer) },
    Tombstone: { kind: 'unary', serve: serveTombstone(store.writer) },
  },
});

import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { categoryOf, eventView, topicOf } from '../../src/replay/event-view.js';
import { metadataOf } from './support/events.js';

const stored: StoredEvent = {
  id: '0190a000-0000-7000-8000-00000000000a',
  type: 'MessagePosted',
  stream: 'session-0190a000-0000-7000-8000-00000000000b',
  revision: 41,
  position: 9_007_199_254_740_991,
  created: '2026-01-01T00:00:00.000Z',
  size: 39,
  data: { messageId: 'm-1' },
  metadata: { ...metadataOf('ann', 's-1'), base: 40, traceparent: '00-1-2-01' },
};

describe('the view of an event', () => {
  it('has the position in digits and leaves out what only serves to store it', () => {
    expect(eventView(stored)).toEqual({
      id: '0190a000-0000-7000-8000-00000000000a',
      type: 'MessagePosted',
      topic: 'chat.message.created',
      stream: 'session-0190a000-0000-7000-8000-00000000000b',
      revision: 41,
      position: '9007199254740991',
      created: '2026-01-01T00:00:00.000Z',
      data: { messageId: 'm-1' },
      metadata: { ...metadataOf('ann', 's-1'), traceparent: '00-1-2-01' },
    });
  });

  it("leaves out the token of a lease, which is its holder's", () => {
    const data = { queue: 'llm', workerId: 'w-1', leaseToken: 'secret', leaseSeconds: 30 };
    expect(eventView({ ...stored, type: 'TaskClaimed', data }).data).toEqual({
      ...{ queue: 'llm', workerId: 'w-1', leaseSeconds: 30 },
    });
  });
});

const topic = (type: string, stream = 'session-1', data: object = {}) =>
  topicOf({ type, stream, data });

describe('the topic of an event', () => {
  it.each([
    ['SessionCreated', 'chat.session.created'],
    ['SessionRenamed', 'chat.session.updated'],
    ['SessionMetadataChanged', 'chat.session.updated'],
    ['SessionArchived', 'chat.session.updated'],
    ['SessionUnarchived', 'chat.session.updated'],
    ['SessionActivated', 'chat.session.updated'],
    ['SessionProcessingStarted', 'chat.session.updated'],
    ['SessionPaused', 'chat.session.updated'],
    ['SessionResumed', 'chat.session.updated'],
    ['SessionCompleted', 'chat.session.updated'],
    ['SessionFailed', 'chat.session.updated'],
    ['SessionTerminated', 'chat.session.updated'],
    ['SessionRestored', 'chat.session.updated'],
    ['SessionDeleted', 'chat.session.deleted'],
    ['MessagePosted', 'chat.message.created'],
    ['MessageEdited', 'chat.message.edited'],
    ['MessageDeleted', 'chat.message.deleted'],
    ['ExecutionStarted', 'execution.started'],
    ['StageDispatched', 'execution.stage_dispatched'],
    ['ExecutionCompleted', 'execution.completed'],
    ['ExecutionFailed', 'execution.failed'],
    ['ExecutionCancelled', 'execution.cancelled'],
    ['CheckpointSaved', 'checkpoint.saved'],
    ['CheckpointsPruned', 'checkpoint.pruned'],
    ['InterruptResolved', 'interrupt.resolved'],
    ['InterruptCancelled', 'interrupt.cancelled'],
    ['InterruptExpired', 'interrupt.expired'],
    ['TaskSubmitted', 'task.submitted'],
    ['TaskLeaseExtended', 'task.lease_extended'],
    ['TaskDeadLettered', 'task.dead_lettered'],
    ['WorkerLost', 'worker.lost'],
    ['StreamForked', 'stream.forked'],
  ])('%s is %s', (type, expected) => {
    expect(topic(type)).toBe(expected);
  });

  it('of an interrupt that is raised is the one it was raised under', () => {
    const raised = { kind: 'clarification', topic: 'interrupt.help_wanted' };
    expect(topic('InterruptRaised', 'interrupt-1', raised)).toBe('interrupt.help_wanted');
  });

  it.each([
    ['SomethingHappened', 'thing-1', 'thing.something-happened'],
    ['HTTPRequestSent', 'call', 'call.http-request-sent'],
    ['order.placed v2', 'order-1-2', 'order.order-placed-v2'],
    ['$metadata', '$settings', '$settings.metadata'],
    ['constructor', 'thing-1', 'thing.constructor'],
  ])('of the unknown type %s in %s is %s', (type, stream, expected) => {
    expect(topic(type, stream)).toBe(expected);
  });

  it('is there also for data that is no object', () => {
    expect(topicOf({ type: 'InterruptRaised', stream: 'interrupt-1', data: null as never })).toBe(
      'interrupt.interrupt-raised',
    );
  });
});

describe('the category of a stream', () => {
  it('is its name up to the first hyphen', () => {
    expect(categoryOf('session-0190a000-0000')).toBe('session');
    expect(categoryOf('plain')).toBe('plain');
    expect(categoryOf('-')).toBe('');
  });
});

import { status } from '@grpc/grpc-js';
import { CallFailed } from './errors.js';

const about = (exception: string, stream: string, group: string) => ({
  exception,
  'stream-name': stream,
  'group-name': group,
});

/**
 * The error for a group that is not there, in the words of EventStoreDB: clients match on them, as on
 * those below.
 */
export const groupNotFound = (stream: string, group: string): CallFailed =>
  new CallFailed(
    status.NOT_FOUND,
    `Subscription group ${group} on stream ${stream} does not exist.`,
    about('persistent-subscription-does-not-exist', stream, group),
  );

/** The error for making a group that is there already. */
export const groupExists = (stream: string, group: string): CallFailed =>
  new CallFailed(
    status.ALREADY_EXISTS,
    `Subscription group ${group} on stream ${stream} exists.`,
    about('persistent-subscription-exists', stream, group),
  );

/** The error for what cannot be done with a group, and why. */
export const groupFailed = (stream: string, group: string, reason: string): CallFailed =>
  new CallFailed(
    status.INTERNAL,
    `Subscription group ${group} on stream ${stream} failed: ${reason}`,
    { ...about('persistent-subscription-failed', stream, group), reason },
  );

/**
 * The error that ends the calls of consumers when their group is deleted. Without the key `exception`
 * in its trailers a client would take its whole connection for lost.
 */
export const groupDropped = (stream: string, group: string): CallFailed =>
  new CallFailed(
    status.CANCELLED,
    `Subscription group ${group} on stream ${stream} was dropped.`,
    about('persistent-subscription-dropped', stream, group),
  );

/** The error for joining a group that has as many consumers as its settings allow. */
export const groupFull = (stream: string, group: string): CallFailed =>
  new CallFailed(
    status.FAILED_PRECONDITION,
    `Maximum subscriptions reached for group ${group} on stream ${stream}.`,
    about('maximum-subscribers-reached', stream, group),
  );

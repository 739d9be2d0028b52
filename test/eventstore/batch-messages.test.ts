import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { readAnswer, requestsOf } from '../../src/eventstore/batch-messages.js';
import type { NewEvent } from '../../src/eventstore/event-store.js';
import { newEvent } from '../support/new-events.js';

// Held against what is generated from the protocol's own definition.

const { BatchAppendReq, BatchAppendResp } = streams;

const asked = (bytes: Buffer) => {
  const request = BatchAppendReq.deserializeBinary(bytes);
  const options = request.getOptions();
  const text = (part: Uint8Array | string | undefined) => Buffer.from(part ?? '').toString();
  return {
    correlationId: request.getCorrelationId()?.getString(),
    isFinal: request.getIsFinal(),
    ...(options && {
      stream: text(options.getStreamIdentifier()?.getStreamName_asU8()),
      expected: options.hasNoStream() ? 'none' : Number(options.getStreamPosition()),
      deadline: options.getDeadline()?.toDate().getTime(),
    }),
    events: request.getProposedMessagesList().map((proposed) => ({
      id: proposed.getId()?.getString(),
      type: proposed.getMetadataMap().get('type'),
      contentType: proposed.getMetadataMap().get('content-type'),
      data: JSON.parse(text(proposed.getData_asU8())),
      metadata: JSON.parse(text(proposed.getCustomMetadata_asU8())),
    })),
  };
};

const correlationId = '9c5b94b1-35ad-49bb-b118-8e8fc24abf80';
const seconds = 1_790_000_000;

describe('an append', () => {
  const event = fc
    .record({
      id: fc.uuid(),
      type: fc.string({ unit: 'grapheme', minLength: 1 }),
      data: fc.object(),
    })
    .map(
      ({ data, ...named }): NewEvent => ({
        ...{ ...newEvent(0), ...named },
        data: JSON.parse(JSON.stringify(data)),
      }),
    );

  it('is read as what it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.oneof(fc.constant('none' as const), fc.maxSafeNat()),
        fc.array(event, { minLength: 1, maxLength: 5 }),
        (stream, expected, events) => {
          const deadline = seconds * 1_000 + 7;
          const requests = requestsOf({ correlationId, stream, events, expected, deadline });
          expect(requests.map(asked)).toEqual([
            {
              ...{ correlationId, isFinal: true, stream, expected, deadline: seconds * 1_000 },
              events: events.map((each) => ({ ...each, contentType: 'application/json' })),
            },
          ]);
        },
      ),
    );
  });

  it('goes in several messages where it is large, in order, and ends with the last', () => {
    const text = 'x'.repeat(1_000_000);
    const events = Array.from({ length: 8 }, (_, n) => newEvent(n, { text }));
    const append = { correlationId, stream: 'test-a', expected: 3, deadline: seconds * 1_000 };
    const requests = requestsOf({ ...append, events });
    expect(Math.max(...requests.map(({ length }) => length))).toBeLessThan(4 * 1_024 * 1_024);
    const read = requests.map(asked);
    expect(read.flatMap((request) => request.events).map(({ id }) => id)).toEqual(
      events.map(({ id }) => id),
    );
    expect(read).toMatchObject([
      { isFinal: false, ...append },
      { correlationId, isFinal: false },
      { correlationId, isFinal: true },
    ]);
    expect(read.filter(({ stream }) => stream !== undefined)).toHaveLength(1);
  });
});

describe('an answer', () => {
  const answer = (fill: (answer: InstanceType<typeof BatchAppendResp>) => unknown) => {
    const response = new BatchAppendResp();
    response.setCorrelationId(new shared.UUID().setString(correlationId));
    fill(response);
    return readAnswer(Buffer.from(response.serializeBinary()));
  };

  const positionOf = (commit: number, prepare: number) =>
    new shared.AllStreamPosition()
      .setCommitPosition(String(commit))
      .setPreparePosition(String(prepare));

  it('says where the last event is', () => {
    const place = fc.maxSafeNat();
    fc.assert(
      fc.property(place, place, place, (revision, commit, prepare) => {
        const success = new BatchAppendResp.Success()
          .setCurrentRevision(String(revision))
          .setPosition(positionOf(commit, prepare));
        expect(answer((response) => response.setSuccess(success))).toEqual({
          correlationId,
          success: { revision, commit, prepare },
        });
      }),
    );
  });

  it('names the append by two halves as well', () => {
    const halves = new shared.UUID.Structured()
      .setMostSignificantBits(String(BigInt.asIntN(64, 0x9c5b94b135ad49bbn)))
      .setLeastSignificantBits(String(BigInt.asIntN(64, 0xb1188e8fc24abf80n)));
    const named = answer((response) =>
      response.setCorrelationId(new shared.UUID().setStructured(halves)),
    );
    expect(named).toEqual({ correlationId });
  });

  it.each([
    ['WrongExpectedVersion', new shared.WrongExpectedVersion(), 0],
    ['StreamDeleted', new shared.StreamDeleted(), 0],
    ['Timeout', new shared.Timeout(), 0],
    [
      'MaximumAppendSizeExceeded',
      new shared.MaximumAppendSizeExceeded().setMaxappendsize(1_048_576),
      1_048_576,
    ],
  ])('says that it failed: %s', (type, detail, maxBytes) => {
    const details = new Any();
    details.pack(detail.serializeBinary(), `event_store.client.${type}`);
    const status = new statuses.Status().setMessage('no').setDetails(details);
    expect(answer((response) => response.setError(status))).toEqual({
      correlationId,
      failure: { type, message: 'no', maxBytes },
    });
  });
});

import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/convertGrpcEvent.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAnswer, subscriptionOf } from '../../src/eventstore/read-messages.js';

// Held against what is generated from the protocol's own definition, and what the store's client makes of it.

const { ReadReq, ReadResp } = streams;
const { ReadEvent, Checkpoint, SubscriptionConfirmation, CaughtUp, FellBehind } = ReadResp;

describe('a subscription', () => {
  const asked = (after: number | 'start' | 'end') => {
    const request = subscriptionOf({ after, types: '^[^$]', checkpointInterval: 32 });
    return ReadReq.deserializeBinary(request).getOptions()?.toObject();
  };
  const each = {
    filter: {
      eventType: { regex: '^[^$]', prefixList: [] },
      count: {},
      checkpointintervalmultiplier: 32,
    },
    subscription: {},
    uuidOption: { string: {} },
    resolveLinks: false,
    noFilter: undefined,
    stream: undefined,
  };

  it('is read as what it is, from either end', () => {
    expect(asked('start')).toMatchObject({ ...each, all: { start: {}, end: undefined } });
    expect(asked('end')).toMatchObject({ ...each, all: { start: undefined, end: {} } });
  });

  it('is read as what it is, behind any position', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (after) => {
        const position = { commitPosition: String(after), preparePosition: String(after) };
        expect(asked(after)).toMatchObject({ ...each, all: { position, start: undefined } });
      }),
    );
  });
});

describe('an answer', () => {
  const recorded = fc
    .record({
      id: fc.uuid(),
      stream: fc.string({ unit: 'grapheme', minLength: 1 }),
      revision: fc.maxSafeNat(),
      commit: fc.maxSafeNat(),
      headers: fc.record(
        {
          type: fc.string({ unit: 'grapheme', minLength: 1 }),
          'content-type': fc.constantFrom('application/json', 'application/octet-stream'),
          created: fc.oneof(fc.bigInt(0n, 10n ** 17n).map(String), fc.constant('never')),
          other: fc.string(),
        },
        { requiredKeys: ['type', 'content-type'] },
      ),
      data: fc.oneof(fc.json(), fc.string(), fc.constant('')).map((text) => Buffer.from(text)),
      metadata: fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text)),
    })
    .map(({ id, stream, revision, commit, headers, data, metadata }) => {
      const event = new ReadEvent.RecordedEvent()
        .setId(new shared.UUID().setString(id))
        .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
        .setStreamRevision(String(revision))
        .setCommitPosition(String(commit))
        .setPreparePosition(String(commit))
        .setCustomMetadata(metadata)
        .setData(data);
      for (const [key, value] of Object.entries(headers)) event.getMetadataMap().set(key, value);
      return new ReadEvent().setEvent(event).setCommitPosition(String(commit));
    });

  const bytesOf = (response: InstanceType<typeof ReadResp>) =>
    Buffer.from(response.serializeBinary());

  const plain = (value: unknown) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value;

  it('has the event that the client has', () => {
    fc.assert(
      fc.property(recorded, (resolved) => {
        const { event } = convertGrpcEvent(resolved);
        const answer = readAnswer(bytesOf(new ReadResp().setEvent(resolved)));
        if (!event || typeof answer !== 'object') throw new Error('an event was sent');
        const { data, metadata, ...rest } = answer.event;
        expect(rest).toEqual({
          id: event.id,
          type: event.type,
          streamId: event.streamId,
          revision: Number(event.revision),
          position: { commit: Number(event.position?.commit) },
          created: event.created,
        });
        expect([data, metadata].map(plain)).toEqual([event.data, event.metadata].map(plain));
      }),
    );
  });

  it('says that all there was has been told, and nothing that is not asked of the others', () => {
    const said = (response: InstanceType<typeof ReadResp>) => readAnswer(bytesOf(response));
    expect(said(new ReadResp().setCaughtUp(new CaughtUp()))).toBe('caughtUp');
    expect(said(new ReadResp().setFellBehind(new FellBehind()))).toBeUndefined();
    const confirmation = new SubscriptionConfirmation().setSubscriptionId('a');
    expect(said(new ReadResp().setConfirmation(confirmation))).toBeUndefined();
    const checkpoint = new Checkpoint().setCommitPosition('7').setPreparePosition('7');
    expect(said(new ReadResp().setCheckpoint(checkpoint))).toBeUndefined();
    expect(readAnswer(Buffer.alloc(0))).toBeUndefined();
  });
});

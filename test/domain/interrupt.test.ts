import { describe, expect, it } from '@jest/globals';
import type { StreamForked } from '../../src/domain/fork.js';
import {
  type InterruptCommand,
  type InterruptEvent,
  interrupt,
  type Response,
} from '../../src/domain/interrupt.js';
import { given, stateOf } from '../support/given.js';
import {
  cancelled,
  deadline,
  expired,
  raised,
  raisedForEver,
  resolved,
} from '../support/interrupt-facts.js';

const justBefore = '2026-01-01T00:59:59.999Z';

const raise = (differences: object = {}): InterruptCommand => ({
  ...raised.data,
  ...differences,
  type: 'RaiseInterrupt',
});
const respond = (response: Response, at = justBefore, respondedBy = 'ann'): InterruptCommand => ({
  ...{ type: 'RespondToInterrupt', response, respondedBy, at },
});
const expire = (at: string): InterruptCommand => ({ type: 'ExpireInterrupt', at });
const cancel: InterruptCommand = { type: 'CancelInterrupt', reason: 'not needed' };

const asking = (responses: readonly ('text' | 'approved' | 'decision')[], required: boolean) =>
  ({
    ...raised,
    data: { ...raised.data, responses, requiresResponse: required },
  }) satisfies InterruptEvent;

describe('raising an interrupt', () => {
  it('is recorded', () => given(interrupt).events().when(raise()).adds(raised));
  it('again is the same, whenever it comes and under whichever trace', () =>
    given(interrupt)
      .events(raised)
      .when(raise({ expiresAt: '2026-01-01T02:00:00.000Z', traceId: 'a', spanId: 'b' }))
      .changesNothing());
  it('again is the same after it was settled', () =>
    given(interrupt).events(raised, resolved).when(raise()).changesNothing());
  it('with another question is refused', () =>
    given(interrupt)
      .events(raised)
      .when(raise({ question: 'Roll back?' }))
      .rejects('interrupt-already-exists'));
});

const refused: InterruptEvent = {
  type: 'InterruptResolved',
  data: { response: { approved: false }, respondedBy: 'ann' },
};

describe('an answer', () => {
  it('settles the interrupt until its deadline', () =>
    given(interrupt)
      .events(raised)
      .when(respond({ approved: true }))
      .adds(resolved));
  it('comes too late from the deadline on, noted or not', () =>
    given(interrupt)
      .events(raised)
      .when(respond({ approved: true }, deadline))
      .rejects('interrupt-already-settled'));
  it('is never too late without a deadline', () =>
    given(interrupt)
      .events(raisedForEver)
      .when(respond({ approved: true }, '2036-01-01T00:00:00.000Z'))
      .adds(resolved));
  it('may be no, which is an answer too', () =>
    given(interrupt)
      .events(raised)
      .when(respond({ approved: false }))
      .adds(refused));
  it('by the same person again is the same, even after the deadline', () =>
    given(interrupt)
      .events(raised, resolved)
      .when(respond({ approved: true }, deadline))
      .changesNothing());
  it('by another person is refused, even if it is the same', () =>
    given(interrupt)
      .events(raised, resolved)
      .when(respond({ approved: true }, justBefore, 'bob'))
      .rejects('interrupt-already-settled'));
  it('that is another one is refused', () =>
    given(interrupt)
      .events(raised, resolved)
      .when(respond({ approved: false }))
      .rejects('interrupt-already-settled'));
  it.each([[cancelled], [expired]])('is refused after %j', (settled) =>
    given(interrupt)
      .events(raised, settled)
      .when(respond({ approved: true }))
      .rejects('interrupt-already-settled'),
  );
  it('to what nobody asked is refused', () =>
    given(interrupt)
      .events()
      .when(respond({ text: 'yes' }))
      .rejects('interrupt-not-found'));
});

describe('the sort of an answer', () => {
  const answered = (response: Response): InterruptEvent => ({
    type: 'InterruptResolved',
    data: { response, respondedBy: 'ann' },
  });

  it.each<[Response]>([[{}], [{ text: 'yes' }], [{ text: 'yes', approved: true }], [{ data: {} }]])(
    'is not %j where approval is asked for',
    (response) =>
      given(interrupt).events(raised).when(respond(response)).rejects('response-not-fitting'),
  );
  it('may bring data along', () => {
    const response = { approved: true, data: { until: 'Friday' } };
    given(interrupt).events(raised).when(respond(response)).adds(answered(response));
  });
  it('may be one of several, or more than one', () => {
    const asked = asking(['text', 'decision'], true);
    for (const response of [{ text: 'a' }, { decision: 'b' }, { text: 'a', decision: 'b' }])
      given(interrupt).events(asked).when(respond(response)).adds(answered(response));
  });
  it.each<[Response]>([[{}], [{ data: { a: 1 } }], [{ text: 'seen' }]])(
    'may be %j where none is required',
    (response) =>
      given(interrupt)
        .events(asking(['text'], false))
        .when(respond(response))
        .adds(answered(response)),
  );
  it('is of those asked for where none is required, too', () =>
    given(interrupt)
      .events(asking(['text'], false))
      .when(respond({ decision: 'go' }))
      .rejects('response-not-fitting'));
});

describe('the end of an interrupt without an answer', () => {
  it('is its being cancelled', () => given(interrupt).events(raised).when(cancel).adds(cancelled));
  it('is its being cancelled once', () =>
    given(interrupt).events(raised, cancelled).when(cancel).changesNothing());
  it.each([[resolved], [expired]])('is not its being cancelled after %j', (settled) =>
    given(interrupt).events(raised, settled).when(cancel).rejects('interrupt-already-settled'),
  );
  it('is its deadline', () => given(interrupt).events(raised).when(expire(deadline)).adds(expired));
  it('is not yet, before its deadline', () =>
    given(interrupt).events(raised).when(expire(justBefore)).changesNothing());
  it('is not there for one without a deadline', () =>
    given(interrupt).events(raisedForEver).when(expire(deadline)).changesNothing());
  it.each([[resolved], [cancelled], [expired]])('is past after %j', (settled) =>
    given(interrupt).events(raised, settled).when(expire(deadline)).changesNothing(),
  );
});

describe('a fork of an interrupt', () => {
  const forked: StreamForked = {
    type: 'StreamForked',
    data: { ancestry: [{ stream: 'interrupt-1', through: 0 }], scope: 'stream' },
  };

  const later = '2026-01-01T02:00:00.000Z';
  const waiting: StreamForked = { ...forked, data: { ...forked.data, expiresAt: later } };

  it('waits as long again from the fork on, where the interrupt was open', () => {
    const expiresAt = (...history: readonly InterruptEvent[]) =>
      interrupt.forkExpiresAt?.(stateOf(interrupt, history), deadline);
    expect(expiresAt(raised)).toBe(later);
    expect(expiresAt(raised, waiting)).toBe(later);
    expect(expiresAt(raisedForEver)).toBeUndefined();
    expect(expiresAt(raised, resolved)).toBeUndefined();
    given(interrupt).events(raised, waiting).when(expire(deadline)).changesNothing();
    given(interrupt).events(raised, waiting).when(expire(later)).adds(expired);
  });
  it('belongs to the session that took it along', () => {
    const taken: StreamForked = { ...forked, data: { ...forked.data, sessionId: 's-2' } };
    expect(interrupt.correlationOf(stateOf(interrupt, [raised, taken]))).toBe('s-2');
  });
  it('has no deadline where none is said', () => {
    given(interrupt).events(raised, forked).when(expire(deadline)).changesNothing();
    given(interrupt)
      .events(raised, forked)
      .when(respond({ approved: true }, deadline))
      .adds(resolved);
  });
  it('is settled where the interrupt was', () =>
    given(interrupt)
      .events(raised, resolved, forked)
      .when(cancel)
      .rejects('interrupt-already-settled'));
  it('says where it comes from', () => {
    expect(stateOf(interrupt, [raised, forked])).toStrictEqual({
      ...raisedForEver.data,
      status: 'pending',
      forkedFrom: { stream: 'interrupt-1', revision: 0 },
    });
  });
});

it('is not brought about by events without a beginning', () => {
  const forked = {
    type: 'StreamForked',
    data: { ancestry: [{ stream: 'interrupt-1', through: 0 }], scope: 'stream' },
  } as const;
  expect(stateOf(interrupt, [resolved, cancelled, expired, forked])).toStrictEqual({
    status: 'absent',
  });
});

import { expect, it } from '@jest/globals';
import { audit } from '../../projections/audit.js';
import type { Fact } from '../../src/domain/decider.js';
import { eventsOf, project } from './support/project.js';

const of = (stream: string, ...facts: readonly Fact[]) => project(audit, eventsOf(stream, facts));

it('has an entry of each event, with nothing of what it says', () => {
  const entries = of(
    'session-1',
    { type: 'SessionCreated', data: { title: 'confidential' } },
    { type: 'SomethingNew', data: { title: 'confidential' } },
  );
  expect(entries).toMatchObject([
    { _id: '1', stream: 'session-1', revision: 0, type: 'SessionCreated', userId: 'bob' },
    { _id: '2', stream: 'session-1', revision: 1, type: 'SomethingNew', ownerId: 'ann' },
  ]);
  expect(JSON.stringify(entries)).not.toContain('confidential');
});

it('knows what an attempt was about, and whose that is', () => {
  const tried = { method: 'GET', route: '/v1/sessions/:id', status: 404, count: 3 };
  const data = { ...tried, target: 'session-1', ownerId: 'carl' };
  const [entry] = of('audit-2026-01-01-x', { type: 'AccessRefused', data });
  expect(entry).toMatchObject({ subject: 'session-1', ownerId: 'carl', attempt: tried });
});

it('has none of what others write into the store, nor of archives', () => {
  const copied = { type: 'SessionCreated', data: {} };
  for (const stream of ['orders-1', 'orders', 'archive-session-1', 'auditing-1'])
    expect(of(stream, copied)).toEqual([]);
});

import { describe, expect, it } from '@jest/globals';
import type { ForklineExport } from '../../src/importing/formats/forkline-export.js';
import { readOne, refusalOf } from './reading.js';

const exported = {
  forkline: 1,
  exportedAt: '2026-02-02T00:00:00.000Z',
  session: {
    id: '0199a000-0000-7000-8000-000000000001',
    title: 'Trip to Oslo',
    status: 'completed',
    metadata: { team: 'travel' },
    createdAt: '2026-01-01T00:00:00.000Z',
  },
  messages: [
    {
      id: '0199a000-0000-7000-8000-000000000002',
      role: 'user',
      content: 'Book it.',
      createdAt: '2026-01-01T00:00:01.000Z',
    },
    {
      role: 'assistant',
      content: [{ type: 'text', text: 'Booked.' }],
      toolCalls: [{ id: 'c1' }],
      metadata: { cost: 1 },
      createdAt: '2026-01-01T00:00:03.000Z',
    },
  ],
  executions: [
    {
      id: '0199a000-0000-7000-8000-000000000003',
      status: 'completed',
      output: { booked: true },
      pipeline: { name: 'trip', stages: [{ name: 'book', agent: 'booker' }] },
      input: { city: 'Oslo' },
      checkpoints: [
        {
          id: '0199a000-0000-7000-8000-000000000004',
          agent: 'planner',
          stage: 'plan',
          stageOrder: 0,
          state: { city: 'Oslo' },
          createdAt: '2026-01-01T00:00:02.000Z',
        },
        {
          agent: 'booker',
          stage: 'book',
          stageOrder: 1,
          state: { city: 'Oslo', booked: true },
          outputs: { ticket: 7 },
          afterMessages: 2,
        },
      ],
    },
    { status: 'cancelled', reason: 'twice', checkpoints: [] },
  ],
} as const satisfies ForklineExport;

describe("reading Forkline's own export", () => {
  it('gives messages, checkpoints and outcome as they were', async () => {
    const run = await readOne(exported);

    expect(run).toMatchObject({
      format: 'forkline',
      title: 'Trip to Oslo',
      pipeline: exported.executions[0].pipeline,
      input: { city: 'Oslo' },
      outcome: { status: 'completed', output: { booked: true } },
      furtherExecutions: [{ steps: [], outcome: { status: 'cancelled', reason: 'twice' } }],
      warnings: [],
    });
    expect(run.messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'Booked.' }],
      toolCalls: [{ id: 'c1' }],
      metadata: { cost: 1, at: '2026-01-01T00:00:03.000Z' },
    });
    expect(run.steps[1]).toMatchObject({
      agent: 'booker',
      stage: 'book',
      stageOrder: 1,
      state: { city: 'Oslo', booked: true },
      outputs: { ticket: 7 },
    });
  });

  it('places a checkpoint by its count of messages, and by its time where there is none', async () => {
    const { steps } = await readOne(exported);

    expect(steps.map(({ afterMessages }) => afterMessages)).toEqual([1, 2]);
  });

  it('keeps where the session comes from beside its own metadata, through a second import too', async () => {
    const once = await readOne(exported);
    const twice = await readOne({
      ...exported,
      session: { ...exported.session, metadata: once.metadata },
    });

    expect(once.metadata).toMatchObject({
      team: 'travel',
      recording: { format: 'forkline', session: { id: exported.session.id, status: 'completed' } },
    });
    expect(twice.metadata).toMatchObject({
      team: 'travel',
      recording: { earlier: { session: { id: exported.session.id } } },
    });
  });

  it('gives the same run when a session is exported twice', async () => {
    const later = { ...exported, exportedAt: '2026-03-03T00:00:00.000Z' };

    expect((await readOne(later)).key).toBe((await readOne(exported)).key);
  });

  it('reads the export of a session without executions', async () => {
    const run = await readOne({ ...exported, executions: [] });

    expect(run).toMatchObject({ steps: [], outcome: { status: 'running' } });
    expect(run.warnings).toEqual(['the session has no execution']);
  });

  it('refuses a version it does not know', async () => {
    const error = await refusalOf(JSON.stringify({ ...exported, forkline: 2 }));

    expect(error.message).toMatch(/^forkline: not a run of forkline \(/);
  });
});

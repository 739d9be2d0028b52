import { describe, expect, it } from '@jest/globals';
import { checkpoints } from '../../projections/checkpoints.js';
import { checkpoint, completed, savedInFull, started } from '../support/execution-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'execution-1';

describe('the rows of checkpoints', () => {
  it('are one for each, true from where it was saved on, with the state as it is stored', () => {
    const full = checkpoint('c-1', { a: 1 });
    const { state: _, ...head } = { ...checkpoint('c-2', {}), outputs: { found: true } };
    const delta = { ...head, stateDelta: [{ op: 'add', path: '/b', value: 2 }] };
    const facts = [started, savedInFull(full), { type: 'CheckpointSaved', data: delta }, completed];
    const common = { stream, userId: 'ann', to: null };
    expect(project(checkpoints, eventsOf(stream, facts))).toStrictEqual([
      {
        ...{ ...common, ...full },
        ...{ _id: 2, key: 'execution-1/c-1' },
        ...{ seq: 1, from: 1, createdAt: second(2), position: 2 },
      },
      {
        ...{ ...common, ...delta },
        ...{ _id: 3, key: 'execution-1/c-2' },
        ...{ seq: 2, from: 2, createdAt: second(3), position: 3 },
      },
    ]);
  });
});

import { expect, it } from '@jest/globals';
import { type ExecutionEvent, execution } from '../../src/domain/execution.js';
import { fingerprint } from '../../src/domain/fingerprint.js';
import { type SessionEvent, session } from '../../src/domain/session.js';
import {
  cancelled,
  checkpoint,
  completed,
  failed,
  savedInFull,
  started,
} from '../support/execution-facts.js';
import { stateOf } from '../support/given.js';
import * as facts from '../support/session-facts.js';

// Snapshots hold what events were folded into. Where these fail, the same events have come to lead to
// another state: raise the decider's `snapshots.version` together with the state expected here.

const forked = {
  type: 'StreamForked',
  data: { ancestry: [{ stream: 'session-a', through: 9 }], scope: 'stream' },
} as const;

const detached = { type: 'StreamDetached', data: {} } as const;

it('the state of sessions is the one that its version of snapshots stands for', () => {
  const { created, activated, processing, paused, resumed, edited, removed } = facts;
  const history: readonly SessionEvent[] = [
    ...[created, activated, processing, activated, facts.posted(facts.question)],
    ...[facts.posted(facts.answer), edited('m-1', 'On Tuesday?'), removed('m-2'), paused, resumed],
    { type: 'SessionRenamed', data: { title: 'Trip to Bergen' } },
    { type: 'SessionMetadataChanged', data: { metadata: { team: 'sales' } } },
    { type: 'SessionArchived', data: {} },
    { type: 'SessionUnarchived', data: {} },
    ...[
      facts.deleted,
      facts.restored,
      forked,
      detached,
      facts.completed,
      facts.failed,
      facts.terminated,
    ],
  ];
  const states = history.map((_, n) => stateOf(session, history.slice(0, n + 1)));
  expect([session.snapshots?.version, fingerprint(states)]).toEqual([
    2,
    'V3z3h6avRxeApR7pVcL0mxtXFI_3qJDtXDUiGqcCKQo',
  ]);
});

it('the state of executions is the one that its version of snapshots stands for', () => {
  const saved = savedInFull(checkpoint('c-1', { found: [1] }));
  const delta: ExecutionEvent = {
    type: 'CheckpointSaved',
    data: {
      ...{ checkpointId: 'c-2', agent: 'writer', stage: 'write', stageOrder: 1, outputs: [1] },
      ...{ processing: [{ a: 1 }], stateDelta: [{ op: 'add', path: '/found/1', value: 2 }] },
    },
  };
  const task = { stage: 'plan', stageOrder: 0, taskId: 't-1' };
  const history: readonly ExecutionEvent[] = [
    started,
    { type: 'StageDispatched', data: task },
    ...[saved, delta],
    { type: 'StageFinished', data: task },
    { type: 'CheckpointsPruned', data: { through: 2, count: 1 } },
    ...[forked, detached],
  ];
  const lives = [completed, failed, cancelled].map((end) => [...history, end]);
  const states = lives.flatMap((life) =>
    life.map((_, n) => stateOf(execution, life.slice(0, n + 1))),
  );
  expect([execution.snapshots?.version, fingerprint(states)]).toEqual([
    ...[2, '96YuA6PWZdfDPhTl588Pg0fR_hrLxF2t6-JIcOdm08Y'],
  ]);
});

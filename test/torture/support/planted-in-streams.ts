import type { LogLine } from '../log-lines.js';
import { change, indexOf, lineOf, lose, type Planted, repeat } from './breaking.js';

const commands = 'acknowledged commands are there, once, where they were said to be';
const refused = 'refused commands left nothing';
const unknown = 'commands without an answer are there wholly or not at all';
const once = 'no command was carried out twice';
const revisions = 'revisions have no gaps';
const forks = 'forks are what they were forked from';
const copies = 'detached forks have exact copies';
const feeds = 'feeds told each event once and in order';

/** In commands and their answers, streams, forks and feeds. */
export const plantedInStreams: readonly Planted[] = [
  ['an acknowledged event is lost', commands, (run) => lose(run, 'MessagePosted')],
  [
    'an acknowledged event is elsewhere',
    commands,
    (run) => {
      run.log[lineOf(run, 'acknowledged')] = {
        ...{ log: 'acknowledged', id: 'c-1', attempts: 1 },
        places: [{ stream: 'session-other', revision: 0, position: '10' }],
      };
    },
  ],
  [
    'an acknowledged command has an event too many',
    commands,
    (run) => {
      repeat(run, 'MessagePosted', { metadata: run.events[1]!.metadata });
    },
  ],
  [
    'a refused command left an event',
    refused,
    (run) => {
      change(run, 'StreamDetached', { metadata: { ...run.events[2]!.metadata, requestId: 'c-3' } });
    },
  ],
  [
    'half of a command is there of which nobody knows',
    unknown,
    (run) => {
      change(run, 'StreamDetached', { metadata: { ...run.events[2]!.metadata, requestId: 'c-4' } });
    },
  ],
  [
    'a command was carried out twice under two ids',
    once,
    (run) => {
      const { metadata } = run.events[1]!;
      repeat(run, 'MessagePosted', {
        metadata: { ...metadata, commandId: run.events[0]!.metadata.commandId },
      });
    },
  ],
  [
    'an event has an id that is not its command’s',
    once,
    (run) => {
      change(run, 'SessionCreated', { id: 'other' });
    },
  ],
  [
    'a client was answered with a fault',
    'no answer was a fault of the program',
    (run) => {
      run.log.push({ log: 'wrong', id: 'c-1', status: 500, code: 'internal-error', detail: '' });
    },
  ],
  [
    'a client was told that its request is malformed',
    'no answer was a fault of the program',
    (run) => {
      run.log.push({ log: 'refused', id: 'c-3', status: 400, code: 'malformed', attempts: 1 });
    },
  ],
  [
    'a read missed what was written',
    'what was written was read',
    (run) => {
      run.log.push({ log: 'read', id: 'c-2', found: false, detail: 'message-not-found' });
    },
  ],
  [
    'what was made is not found',
    'what was made is found',
    (run) => {
      run.log.push({
        log: 'refused',
        id: 'c-2',
        status: 404,
        code: 'session-not-found',
        attempts: 1,
      });
    },
  ],
  [
    'a node ended by itself',
    'no process ended by itself',
    (run) => {
      run.log.push({ log: 'incident', what: 'node-0 ended by itself with 1' });
    },
  ],
  ['a stream has a gap', revisions, (run) => change(run, 'InterruptExpired', { revision: 2 })],
  [
    'a stream has a revision twice',
    revisions,
    (run) => {
      change(run, 'InterruptExpired', { revision: 0 });
    },
  ],
  [
    'a fork counts from elsewhere',
    revisions,
    (run) => {
      const { metadata } = run.events[indexOf(run, 'StreamDetached')]!;
      change(run, 'StreamDetached', { metadata: { ...metadata, base: 1 } });
    },
  ],
  [
    'a position is there twice',
    'positions only grow',
    (run) => {
      change(run, 'MessagePosted', { position: run.events[0]!.position });
    },
  ],
  [
    'an event id is there twice',
    'no event is there twice',
    (run) => {
      change(run, 'InterruptExpired', { id: run.events[0]!.id });
    },
  ],
  [
    'a fork lacks what it inherits',
    forks,
    (run) => {
      lose(run, 'MessagePosted');
      lose(run, 'MessagePosted');
    },
  ],
  [
    'a fork is at another revision than was asked for',
    forks,
    (run) => {
      const data = { ancestry: [{ stream: run.events[0]!.stream, through: 0 }], scope: 'stream' };
      change(run, 'StreamForked', { data });
    },
  ],
  [
    'a fork descends from another stream',
    forks,
    (run) => {
      const other = run.events[indexOf(run, 'InterruptRaised')]!.stream;
      change(run, 'StreamForked', { data: { ancestry: [{ stream: other, through: 1 }] } });
    },
  ],
  [
    'a fork was read with another past',
    'forks were read as what they were forked from',
    (run) => {
      const line = run.log[lineOf(run, 'fork-read')] as Extract<LogLine, { log: 'fork-read' }>;
      run.log[lineOf(run, 'fork-read')] = { ...line, ids: [...line.ids].reverse() };
    },
  ],
  ['a copy of a detached fork is lost', copies, (run) => lose(run, 'EventArchived', 1)],
  [
    'a copy of a detached fork says something else',
    copies,
    (run) => {
      change(run, 'EventArchived', { data: { title: 'Other' } });
    },
  ],
  ['a feed misses an event', feeds, (run) => run.log.splice(lineOf(run, 'fed', 3), 1)],
  ['a feed misses the last event', feeds, (run) => run.log.splice(lineOf(run, 'fed', -1), 1)],
  [
    'a feed tells an event twice',
    feeds,
    (run) => {
      const line = run.log[lineOf(run, 'fed', 3)] as LogLine;
      run.log.splice(lineOf(run, 'fed', 3), 0, line);
    },
  ],
  [
    'a feed tells two events in the wrong order',
    feeds,
    (run) => {
      const [line] = run.log.splice(lineOf(run, 'fed', 3), 1);
      run.log.splice(lineOf(run, 'fed', 3) + 1, 0, line as LogLine);
    },
  ],
  [
    'a feed tells what is somebody else’s',
    feeds,
    (run) => {
      const { metadata } = run.events[0]!;
      change(run, 'SessionCreated', { metadata: { ...metadata, ownerId: 'user-1' } });
    },
  ],
];

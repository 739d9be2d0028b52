import { reject } from './decider.js';
import { isSameJson } from './json.js';
import type {
  LiveSession,
  Session,
  SessionCommand,
  SessionDecision,
  SessionEvent,
  SessionStatus,
} from './session.js';

type CommandOf<Type extends SessionCommand['type']> = Extract<SessionCommand, { type: Type }>;

/** The moves of a session's life. Terminating is possible from anywhere and is not listed. */
const moves: Readonly<Record<SessionStatus, readonly SessionStatus[]>> = {
  created: ['active'],
  active: ['processing', 'paused', 'completed', 'failed'],
  processing: ['active', 'completed', 'failed'],
  paused: ['active'],
  completed: [],
  failed: [],
  terminated: [],
};

/**
 * Moves a session to a status, if the status it has allows that. To the one it has, there is nothing to
 * do.
 *
 * @param event what to add when the move is allowed
 */
export const moveSession = (
  session: LiveSession,
  status: SessionStatus,
  event: SessionEvent,
): SessionDecision => {
  if (session.status === status) return [];
  return moves[session.status].includes(status)
    ? [event]
    : reject('session-transition-not-allowed');
};

/**
 * Decides that a session is created. The same session created again adds no event; another one under
 * its id is refused.
 */
export const createSession = (
  { type: _, ...created }: CommandOf<'CreateSession'>,
  session: Session,
): SessionDecision => {
  if (session.status === 'absent') return [{ type: 'SessionCreated', data: created }];
  const { userId, title, mode, metadata, parentSessionId } = session;
  return isSameJson(created, {
    userId,
    title,
    mode,
    metadata,
    ...(parentSessionId !== undefined && { parentSessionId }),
  })
    ? []
    : reject('session-already-exists');
};

/**
 * Decides changes of title, metadata and whether a session is archived: an event for each field that
 * the command gives and that is not so already.
 */
export const changeSession = (
  command: CommandOf<'ChangeSession'>,
  session: LiveSession,
): SessionDecision => {
  const events: SessionEvent[] = [];
  const { title, metadata, archived } = command;
  if (title !== undefined && title !== session.title)
    events.push({ type: 'SessionRenamed', data: { title } });
  if (metadata !== undefined && !isSameJson(metadata, session.metadata))
    events.push({ type: 'SessionMetadataChanged', data: { metadata } });
  if (archived !== undefined && archived !== session.archived)
    events.push({ type: archived ? 'SessionArchived' : 'SessionUnarchived', data: {} });
  return events;
};

/**
 * Decides a move to the status that a client asks for. Pausing, resuming and terminating are not among
 * them: these are commands of their own.
 */
export const transition = (
  { status, reason }: CommandOf<'MoveSession'>,
  session: LiveSession,
): SessionDecision => {
  switch (status) {
    case 'active':
      // A paused session is resumed, not activated: the two are different facts.
      if (session.status === 'paused') return reject('session-transition-not-allowed');
      return moveSession(session, 'active', { type: 'SessionActivated', data: {} });
    case 'processing':
      return moveSession(session, 'processing', { type: 'SessionProcessingStarted', data: {} });
    case 'completed':
      return moveSession(session, 'completed', { type: 'SessionCompleted', data: {} });
    case 'failed':
      return moveSession(session, 'failed', {
        type: 'SessionFailed',
        data: { error: reason ?? '' },
      });
  }
};

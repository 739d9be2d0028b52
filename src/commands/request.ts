/** Who asks. Administrators may see and change what belongs to others. */
export type Caller = Readonly<{
  userId: string;
  admin: boolean;
  /** The API key that they have shown, if it was one. */
  keyId?: string;
}>;

/** Where a request came from. */
export type RequestOrigin = Readonly<{ clientAddress: string; userAgent?: string }>;

/** What a command brings along besides itself. */
export type CommandRequest = Readonly<{
  /** A UUID. A command carried out again under the same id adds nothing. */
  commandId: string;
  /** That id was made for this request: nobody has it who could send the command again. */
  isFirst?: true;
  requestId: string;
  caller: Caller;
  /** The event that the command follows, if it follows one. */
  causationId?: string;
  /** W3C trace context. */
  traceparent?: string;
  /** Of commands that a request asks for. */
  origin?: RequestOrigin;
  /** The only revision at which the command may be carried out. */
  ifRevision?: number;
  /** The stream is likely not there yet: it is not looked for before the append says otherwise. */
  isNew?: boolean;
}>;

/** A command was carried out, or its effect was already there: then nothing was added. */
export type Outcome = Readonly<{
  id: string;
  stream: string;
  revision: number;
  position: number;
  added: number;
}>;

/** The stream is not at the revision that the caller named. */
export class RevisionMismatch extends Error {
  override readonly name = 'RevisionMismatch';

  constructor(
    readonly stream: string,
    readonly currentRevision: number | 'none',
  ) {
    super(`${stream} is at revision ${currentRevision}`);
  }
}

/** Whether a caller may see what an owner has; what nobody owns is not there for anyone. */
export const maySee = ({ userId, admin }: Caller, owner: string | undefined): boolean =>
  owner !== undefined && (admin || owner === userId);

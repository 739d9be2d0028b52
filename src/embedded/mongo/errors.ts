import type { Document } from 'bson';

// Codes and names are those of MongoDB's error_codes.yml; drivers and people match on them.
const codes = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  InvalidLength: 16,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorInUse: 12051,
  CursorNotFound: 43,
  NamespaceExists: 48,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  CannotIndexParallelArrays: 171,
  QueryPlanKilled: 175,
  QueryExceededMemoryLimitNoDiskUseAllowed: 292,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  BackgroundOperationInProgressForNamespace: 12587,
  UnrecognizedPipelineStage: 40324,
} as const;

export type CodeName = keyof typeof codes;

/** A refusal a client is told about. Anything else that is thrown is a fault and answered as InternalError. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;

  /** @param details further fields of the error as the driver expects them, such as `keyPattern` */
  constructor(
    readonly codeName: CodeName,
    message: string,
    readonly details: Document = {},
  ) {
    super(message);
    this.code = codes[codeName];
  }
}

/** The refusal of something a real MongoDB does and this server does not. */
export const unsupported = (what: string): CommandError =>
  new CommandError('BadValue', `${what} is not supported by Forkline's embedded MongoDB`);

/** The error as the top of a reply: `ok: 0` with code, name and message. */
export const errorReply = (error: unknown): Document =>
  error instanceof CommandError
    ? {
        ok: 0,
        errmsg: error.message,
        code: error.code,
        codeName: error.codeName,
        ...error.details,
      }
    : {
        ok: 0,
        errmsg: error instanceof Error ? error.message : String(error),
        code: codes.InternalError,
        codeName: 'InternalError',
      };

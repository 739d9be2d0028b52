/** What is logged of an error. */
export type DescribedError = Readonly<{
  type: string;
  message: string;
  stack?: string;
  code?: string | number;
  cause?: DescribedError;
}>;

/**
 * What is logged of an error: these fields and no other. Errors of the database's driver, for one, carry
 * the documents that they are about, and with them what users wrote.
 */
export const describeError = (error: unknown, depth = 0): DescribedError => {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type: name,
    message,
    ...(stack !== undefined && { stack }),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(cause instanceof Error && depth < 5 && { cause: describeError(cause, depth + 1) }),
  };
};

/** Something that cannot be done, said in one line: the command ends with exit code 1. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

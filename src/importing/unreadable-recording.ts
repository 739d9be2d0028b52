/** The bytes given are not a recording that can be read. The message says what is wrong and where. */
export class UnreadableRecording extends Error {
  override readonly name = 'UnreadableRecording';

  /**
   * @param reason what is wrong, in plain words
   * @param place where in the file, such as `line 7` or `[3] traj[12]`; empty for the file as a whole
   */
  constructor(
    readonly reason: string,
    readonly place = '',
  ) {
    super(place === '' ? reason : `${place}: ${reason}`);
  }
}

import { v5 } from 'uuid';

/** The namespace of all ids made from recordings. Changing it would import every run a second time. */
const namespace = '5b0f4bd1-93a5-4c0e-9d63-0b6b3c1f2a77';

/** The ids of an imported run: the same for the same run and user, so that importing again adds nothing. */
export const importIds = (userId: string, key: string) => {
  const session = v5(key, v5(userId, namespace));
  const execution = (index: number): string => v5(`execution ${index}`, session);
  return {
    session,
    execution,
    message: (index: number): string => v5(`message ${index}`, session),
    checkpoint: (executionIndex: number, index: number): string =>
      v5(`checkpoint ${index}`, execution(executionIndex)),
    /** The id of a command, from what it does. */
    command: (what: string): string => v5(`command ${what}`, session),
  };
};

export type ImportIds = ReturnType<typeof importIds>;

import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Caller } from '../../commands/request.js';
import { type ApiKeyEntry, entryOfKey } from './api-key.js';
import { readKeyFile } from './api-key-file.js';

/** The API keys that are taken at present. */
export type ApiKeys = Readonly<{
  /** Whom a key stands for; undefined when it is not taken. */
  callerOf(key: string): Caller | undefined;
  /** Ends the looking for changes. */
  close(): void;
}>;

/** How often the file is looked at: so long at most a key that was taken out of it is taken still. */
const lookEveryMs = 1_000;

/**
 * Opens a file of API keys and follows its changes. It is looked at now and then, rather than watched:
 * that sees replaced files, mounted ones and those on other machines alike. When it cannot be read,
 * or holds what is no key, the keys known before stay, an error is logged once, and it is tried again at
 * each look: what was in the way, such as its permissions, may go without another change to the file.
 *
 * @throws BadKeyFile when it cannot be read to begin with
 */
export const openApiKeys = async (path: string, log: Logger): Promise<ApiKeys> => {
  // Taken before the file is read, here and below: what is written meanwhile is another change.
  let read = await signatureOf(path);
  let entries = byId(await readKeyFile(path));
  let reported: string | undefined;

  const look = async () => {
    const now = await signatureOf(path);
    if (now === read) return;
    try {
      entries = byId(await readKeyFile(path));
      read = now;
      log.info({ keys: entries.size }, 'API keys were read again');
    } catch (error) {
      if (now !== reported)
        log.error({ err: error }, 'API keys cannot be read; those known before stay');
      reported = now;
    }
  };

  let timer: NodeJS.Timeout | undefined;
  const lookLater = () => {
    timer = setTimeout(() => void look().finally(() => timer && lookLater()), lookEveryMs).unref();
  };
  lookLater();

  return {
    callerOf: (key) => {
      const entry = entryOfKey(entries, key, Date.now());
      if (!entry) return undefined;
      const { id, user, scopes } = entry;
      return { userId: user, admin: scopes.includes('admin'), keyId: id };
    },
    close: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
};

const byId = (entries: readonly ApiKeyEntry[]): ReadonlyMap<string, ApiKeyEntry> =>
  new Map(entries.map((entry) => [entry.id, entry]));

/** What is another one after a file was changed or replaced; that of no file when there is none. */
const signatureOf = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    () => 'none',
  );

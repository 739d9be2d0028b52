import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { commit, type LmdbFile, openFile } from '../storage/lmdb-file.js';
import { hashPassword, isPassword } from './password.js';
import { firstUsers, type User } from './user.js';

/** Why a change of the users was turned down. */
export type UserRefusal = 'user-not-found' | 'user-conflict' | 'wrong-password';

type NewUser = Readonly<{
  login: string;
  password: string;
  fullName: string;
  groups: readonly string[];
}>;

const usersKey = Buffer.from('users');
const cachedCredentials = 1_000;

/**
 * The users, in an LMDB file of their own: everybody may read the log, and hashes of passwords do
 * not belong there. Changes are made one after the other and are on disk when they are answered.
 */
export class Users {
  readonly #file: LmdbFile;
  #users: ReadonlyMap<string, User>;
  #changing: Promise<unknown> = Promise.resolve();
  /** Digests of credentials found right since the last change: the hash is slow by intent. */
  readonly #right = new LRUCache<string, true>({ max: cachedCredentials });

  constructor(folder: string) {
    this.#file = openFile(folder, 'users.mdb');
    const stored = this.#file.getBinary(usersKey);
    const users = stored ? (JSON.parse(stored.toString()) as User[]) : firstUsers(Date.now());
    this.#users = new Map(users.map((user) => [user.login, user]));
  }

  all(): readonly User[] {
    return [...this.#users.values()];
  }

  get(login: string): User | undefined {
    return this.#users.get(login);
  }

  /** Whether there is such a user, not disabled, with this password. */
  async accepts(login: string, password: string): Promise<boolean> {
    const users = this.#users;
    const user = users.get(login);
    if (!user || user.isDisabled) return false;
    const digest = createHash('sha256')
      .update(JSON.stringify([login, password]))
      .digest('base64');
    if (this.#right.has(digest)) return true;
    const isRight = await isPassword(password, user.password);
    // What was found out about users who have changed meanwhile must not be kept.
    if (isRight && users === this.#users) this.#right.set(digest, true);
    return isRight;
  }

  /** Creating the same user with the same password again succeeds. */
  create({ login, password, fullName, groups }: NewUser): Promise<UserRefusal | undefined> {
    return this.#inTurn(async () => {
      const known = this.#users.get(login);
      if (known) {
        const isSame =
          known.fullName === fullName &&
          JSON.stringify(known.groups) === JSON.stringify(groups) &&
          (await isPassword(password, known.password));
        return isSame ? undefined : 'user-conflict';
      }
      const hash = await hashPassword(password);
      const isDisabled = false;
      const user = { login, fullName, groups, isDisabled, updatedAt: Date.now(), password: hash };
      await this.#save([...this.all(), user]);
      return undefined;
    });
  }

  /** Gives a user other properties. */
  update(
    login: string,
    change: Partial<Pick<User, 'fullName' | 'groups' | 'isDisabled'>>,
  ): Promise<UserRefusal | undefined> {
    return this.#change(login, async (user) => ({ ...user, ...change }));
  }

  changePassword(login: string, current: string, next: string): Promise<UserRefusal | undefined> {
    return this.#change(login, async (user) => {
      if (!(await isPassword(current, user.password))) return 'wrong-password';
      return { ...user, password: await hashPassword(next) };
    });
  }

  resetPassword(login: string, password: string): Promise<UserRefusal | undefined> {
    return this.#change(login, async (user) => ({
      ...user,
      password: await hashPassword(password),
    }));
  }

  delete(login: string): Promise<UserRefusal | undefined> {
    return this.#inTurn(async () => {
      if (!this.#users.has(login)) return 'user-not-found';
      await this.#save(this.all().filter((user) => user.login !== login));
      return undefined;
    });
  }

  /** Finishes the change under way and closes the file. */
  async close(): Promise<void> {
    await this.#changing;
    await this.#file.close();
  }

  #change(
    login: string,
    change: (user: User) => Promise<User | UserRefusal>,
  ): Promise<UserRefusal | undefined> {
    return this.#inTurn(async () => {
      const user = this.#users.get(login);
      if (!user) return 'user-not-found';
      const changed = await change(user);
      if (typeof changed === 'string') return changed;
      const updated = { ...changed, updatedAt: Date.now() };
      await this.#save(this.all().map((other) => (other === user ? updated : other)));
      return undefined;
    });
  }

  // One change at a time: each rests on the one before.
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(change);
    this.#changing = result.catch(() => undefined);
    return result;
  }

  async #save(users: readonly User[]): Promise<void> {
    const document = Buffer.from(JSON.stringify(users));
    await commit(this.#file, () => void this.#file.put(usersKey, document));
    this.#users = new Map(users.map((user) => [user.login, user]));
    this.#right.clear();
  }
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ApiKeyEntry, hasExpired, newApiKey } from '../http/identity/api-key.js';
import {
  addToKeyFile,
  BadKeyFile,
  readKeyFile,
  removeFromKeyFile,
} from '../http/identity/api-key-file.js';
import { CommandFailure } from './command-failure.js';
import { type Column, tableLines } from './table.js';
import { terminal } from './terminal.js';
import { oneLine, shownTime } from './text.js';

type Options = Readonly<{ file: string; json?: boolean }>;
type Created = Options &
  Readonly<{ user: string; name: string; admin?: boolean; expires?: string }>;

const columns: readonly Column<ApiKeyEntry>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'USER', text: ({ user }) => oneLine(user) },
  { title: 'SCOPES', text: ({ scopes }) => scopes.map(oneLine).join(' ') || '-' },
  { title: 'CREATED', text: ({ created }) => shownTime(created) },
  { title: 'EXPIRES', text: (entry) => expiryOf(entry) },
  { title: 'NAME', text: ({ name }) => oneLine(name) },
];

const expiryOf = ({ expires }: ApiKeyEntry): string => {
  if (expires === undefined) return 'never';
  return hasExpired({ expires }, Date.now()) ? 'has expired' : shownTime(expires);
};

/** Adds the command `forkline keys create | list | revoke`. */
export const registerKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .description('make API keys, list and revoke them; a server that runs notices within a second');
  keys
    .command('create')
    .description('make a key and print it, this once: only its digest is kept')
    .addOption(fileOption())
    .requiredOption('--user <id>', 'whom the key stands for', userId)
    .option('--name <words>', 'what it is for', '')
    .option('--admin', 'whether it is an administrator’s')
    .option('--expires <when>', 'after so many days or hours, as 90d or 12h, or a time', expiry)
    .action((_: object, command: Command) => failing(create(command.optsWithGlobals())));
  keys
    .command('list')
    .description('list the keys of a file, without what is secret')
    .addOption(fileOption())
    .action((_: object, command: Command) => failing(list(command.optsWithGlobals())));
  keys
    .command('revoke')
    .description('take a key out of the file')
    .argument('<id>', 'as `forkline keys list` shows it')
    .addOption(fileOption())
    .action((id: string, _: object, command: Command) =>
      failing(revoke(id, command.optsWithGlobals())),
    );
};

const fileOption = (): Option =>
  new Option('--file <path>', 'the file of keys').env('AUTH_API_KEYS_FILE').makeOptionMandatory();

const create = async ({ file, json, user, name, admin, expires }: Created): Promise<void> => {
  const { print, note } = terminal();
  const created = new Date().toISOString();
  const scopes = admin ? ['admin'] : [];
  const { key, entry } = newApiKey({ name, user, scopes, created, expires });
  await addToKeyFile(file, entry);
  const { sha256: _, ...shown } = entry;
  if (json) return print(JSON.stringify({ key, ...shown }));
  print(key);
  note(`key ${entry.id} of ${oneLine(user)} added to ${file}; it is not shown again`);
};

const list = async ({ file, json }: Options): Promise<void> => {
  const screen = terminal();
  const entries = await readKeyFile(file);
  if (json) return screen.print(JSON.stringify(entries.map(({ sha256: _, ...shown }) => shown)));
  for (const line of tableLines(columns, entries, screen)) screen.print(line);
};

const revoke = async (id: string, { file, json }: Options): Promise<void> => {
  const { print } = terminal();
  const revoked = await removeFromKeyFile(file, id);
  if (!revoked) throw new CommandFailure(`${file} has no key ${oneLine(id)}`);
  const { sha256: _, ...shown } = revoked;
  print(json ? JSON.stringify(shown) : `key ${id} of ${oneLine(revoked.user)} revoked`);
};

const failing = async (work: Promise<void>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    throw error instanceof BadKeyFile ? new CommandFailure(error.message) : error;
  }
};

const userId = (text: string): string => {
  if (text.length >= 1 && text.length <= 200) return text;
  throw new InvalidArgumentError('Expected 1 to 200 characters.');
};

const millisecondsPer: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000 };

/** The time that `90d`, `12h` or an ISO 8601 time says, as ISO 8601. */
const expiry = (text: string): string => {
  const [, number, unit = ''] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  const time =
    number === undefined
      ? Date.parse(text)
      : Date.now() + Number(number) * (millisecondsPer[unit] ?? 0);
  if (Number.isNaN(time) || time <= Date.now())
    throw new InvalidArgumentError('Expected 90d, 12h or a time to come, such as 2027-01-01.');
  return new Date(time).toISOString();
};

import type { Command } from 'commander';
import { ForklineClient } from '../client/node-client.js';
import { type Terminal, terminal } from './terminal.js';

/** Where commands look for a server when nobody says where one is. */
export const defaultUrl = 'http://127.0.0.1:4400';

/** What every command that talks to a server needs. */
export type Context = Readonly<{
  client: ForklineClient;
  /** Where the server is. */
  url: string;
  /** Whether machines are to read the output. */
  isJson: boolean;
  terminal: Terminal;
}>;

/** Takes the global options and the environment, where empty counts as not given. */
export const contextOf = (command: Command): Context => {
  const { url: named, json } = command.optsWithGlobals<{ url?: string; json?: boolean }>();
  const { FORKLINE_URL, FORKLINE_TOKEN: token, FORKLINE_USER_ID: userId } = process.env;
  const url = named || FORKLINE_URL || defaultUrl;
  if (!isAddress(url)) command.error(`error: '${url}' is not an address such as ${defaultUrl}`);
  return {
    url,
    client: new ForklineClient({
      url,
      ...(token && { token }),
      ...(userId && { userId }),
      // Whoever sits at a terminal would rather hear at once that nothing answers.
      retryForMs: 0,
    }),
    isJson: json === true,
    terminal: terminal(),
  };
};

const isAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

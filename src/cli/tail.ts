import { type Command, InvalidArgumentError } from 'commander';
import type { FeedFilter, FeedStart } from '../client/client.js';
import { contextOf } from './context.js';
import { several } from './several.js';
import { sessionArgument, streamArgument } from './stream-reference.js';
import { tailLine } from './tail-line.js';
import { untilSignalled } from './until-signalled.js';

type Options = Readonly<{
  session?: string;
  stream?: readonly string[];
  type?: readonly string[];
  topic?: readonly string[];
  from: FeedStart;
}>;

/** Adds the command `forkline tail`. */
export const registerTail = (program: Command): void => {
  program
    .command('tail')
    .description('follow events as they happen, until Ctrl-C')
    .option('--session <session>', 'of this session and what belongs to it', sessionArgument)
    .option('--stream <stream>', 'of this stream (several times: of any of them)', streams)
    .option('--type <type>', 'of this type, such as MessagePosted (several times: any)', several)
    .option(
      '--topic <topic>',
      'of this topic, such as chat.message.created (several: any)',
      several,
    )
    .option('--from <place>', 'now, start, or the position to begin after', startArgument, 'now')
    .action(async ({ from, ...options }: Options, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const events = client.feed.subscribe(filterOf(options), {
        from,
        onReconnect: ({ reason, waitMs }) =>
          terminal.note(`${reason.detail}; trying again in ${(waitMs / 1000).toFixed(1)} s`),
      });
      void untilSignalled().then(() => events.close());
      for await (const event of events)
        terminal.print(isJson ? JSON.stringify(event) : tailLine(event, terminal));
    });
};

const filterOf = ({ session, stream, type, topic }: Omit<Options, 'from'>): FeedFilter => ({
  ...(session !== undefined && { sessionId: session }),
  ...(stream && { streams: stream }),
  ...(type && { types: type }),
  ...(topic && { topics: topic }),
});

const streams = (text: string, before: readonly string[] = []): readonly string[] =>
  several(streamArgument(text), before);

const startArgument = (text: string): FeedStart => {
  if (text !== 'now' && text !== 'start' && !/^\d{1,16}$/.test(text))
    throw new InvalidArgumentError('Expected now, start, or a position.');
  return text;
};

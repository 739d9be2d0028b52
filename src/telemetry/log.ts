import { type Logger, pino } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import { describeError } from './describe-error.js';

/**
 * The one logger, handed to whoever logs.
 *
 * @param format `pretty` for people; by default that on a terminal, JSON otherwise
 */
export const createLog = (level: string, format?: 'pretty' | 'json'): Logger => {
  const isPretty = (format ?? (process.stderr.isTTY ? 'pretty' : 'json')) === 'pretty';
  const options = {
    level,
    base: null,
    redact: ['req.headers.authorization', 'headers.authorization'],
    serializers: { err: describeError },
  };
  return isPretty
    ? pino(options, prettyStream({ destination: 2, sync: true }))
    : pino(options, pino.destination({ dest: 2, sync: true }));
};

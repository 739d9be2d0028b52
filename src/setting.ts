import { z } from 'zod';

/** One setting: what it is checked with, and what is told of it. */
export type Setting = Readonly<{
  group:
    | 'Listening'
    | 'Stores'
    | 'Authentication'
    | 'Limits'
    | 'Log'
    | 'Work'
    | 'Webhooks'
    | 'Readiness';
  /** Checks the text that is given; takes undefined where there is no default. */
  schema: z.ZodType;
  /** What it is, in words for `forkline serve --help` and docs/configuration.md. */
  help: string;
  /** What stands for its value in the usage, such as `seconds`. */
  value: string;
  /** The text that counts as given when none is. */
  default?: string;
  /** What holds without it, in words, where there is no such text. */
  otherwise?: string;
}>;

/** `true` or `false`. */
export const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

/** One of some words. */
export const oneOf = <Word extends string>(...words: readonly Word[]) =>
  z.enum(words, `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);

const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

/** A number between two others, both included. */
export const numberFrom = (least: number, most: number) => {
  const message = `must be a number from ${least} to ${most}`;
  return z
    .string()
    .transform(numberOf)
    .pipe(z.number(message).min(least, message).max(most, message));
};

/** A whole number between two others, both included. */
export const wholeNumberFrom = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .transform(numberOf)
    .pipe(z.number(message).int(message).min(least, message).max(most, message));
};

/** Text that looks like a URL of some scheme. Those of stores may name several hosts, which URLs do not. */
export const urlLike = (scheme: RegExp, example: string) =>
  z.string().regex(scheme, `must look like ${example}`);

const isOrigin = (text: string): boolean =>
  /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Origins of pages, separated by commas. */
export const origins = z
  .string()
  .transform((list) => (list === '' ? [] : list.split(',').map((origin) => origin.trim())))
  .superRefine((list, context) => {
    for (const origin of list)
      if (!isOrigin(origin))
        context.addIssue({
          code: 'custom',
          message: `${JSON.stringify(origin)} is not the origin of a site, such as https://app.example`,
        });
  });

const longestWaitSeconds = 7 * 24 * 60 * 60;

/** Waits in seconds, separated by commas. */
export const schedule = z
  .string()
  .transform((list) => list.split(',').map(numberOf))
  .refine(
    (waits) => waits.length <= 50 && waits.every((wait) => wait >= 0 && wait <= longestWaitSeconds),
    'must be up to 50 numbers of seconds, such as 0,5,300',
  );

import { z } from 'zod';
import { interruptKinds, responseFields } from './domain/interrupt.js';
import { kindsWith } from './domain/interrupt-kinds.js';
import { ttlSeconds } from './http/schema.js';

const kind = z.strictObject({
  ttlSeconds: ttlSeconds.optional(),
  responses: z
    .array(z.enum(responseFields, `must be some of ${responseFields.join(', ')}`))
    .transform((responses) => [...new Set(responses)])
    .optional(),
  requiresResponse: z.boolean('must be true or false').optional(),
  topic: z
    .string()
    .regex(/^interrupt\.[a-z0-9_.]{1,100}$/, 'must look like interrupt.something')
    .optional(),
});

const kinds = z.strictObject(
  Object.fromEntries(interruptKinds.map((name) => [name, kind.optional()])),
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? undefined
        : 'must be a JSON object, by kind of interrupt',
  },
);

/**
 * The setting that changes what interrupts of some kinds are like: JSON, an object by kind, of
 * objects with `ttlSeconds`, `responses`, `requiresResponse` and `topic`, each of which may be left out.
 */
export const interruptKindsSetting = z
  .string()
  .default('{}')
  .transform((text, context) => {
    const refuse = (path: readonly PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const { success, data, error } = kinds.safeParse(parsed(text));
    if (!success) {
      for (const { path, message } of error.issues) refuse(path, message);
      return z.NEVER;
    }
    const settings = kindsWith(data);
    for (const name of interruptKinds)
      if (settings[name].requiresResponse && settings[name].responses.length === 0)
        refuse([name], 'requires a response and takes none');
    return settings;
  });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

import { parse } from 'yaml';
import { z } from 'zod';
import { textOf } from './repository.js';

const duration = z.string().regex(/^\d+s$/);

const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  init: z.boolean().optional(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()),
      interval: duration,
      timeout: duration,
      retries: z.number(),
      start_period: duration,
    })
    .optional(),
  restart: z.string(),
  stop_grace_period: duration,
});

const composeFile = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

export type Service = z.infer<typeof service>;

/** docker-compose.yml; a key that no test knows of is refused, so none goes unchecked. */
export const compose = composeFile.parse(parse(textOf('docker-compose.yml')));

export const serviceNamed = (name: string): Service => {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};

/**
 * A value as Compose passes it on.
 *
 * @see https://docs.docker.com/reference/compose-file/interpolation/
 * @throws Error on a required variable that is not set, and on a `$` of any other form
 */
export const interpolate = (value: string, variables: Readonly<Record<string, string>>): string =>
  value.replace(/\$(?:\{(\w+):([-?])([^}]*)\})?/g, (found, name, operator, rest) => {
    if (name === undefined) throw new Error(`${found} is not of a form known here: ${value}`);
    const given = variables[name];
    if (given) return given;
    if (operator === '?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
    return rest;
  });

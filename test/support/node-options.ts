import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { scripts: Readonly<Record<string, string>> };

/** The options of Node that `npm start` gives the program. */
export const nodeOptions: readonly string[] =
  / node((?: --\S+)+) \S+ serve$/
    .exec(scripts.start ?? '')?.[1]
    ?.trim()
    .split(' ') ?? [];

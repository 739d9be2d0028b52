import { textOf } from './repository.js';

export type Instruction = Readonly<{ name: string; argument: string }>;

export type Stage = Readonly<{
  name: string | undefined;
  image: string;
  instructions: readonly Instruction[];
}>;

export type Copy = Readonly<{ from: string | undefined; sources: readonly string[] }>;

/**
 * Reads the part of the format that our Dockerfile uses: comment lines, continued lines, one
 * instruction a line, stages begun by FROM. Heredocs and parser directives are not known.
 *
 * @throws Error on an instruction before the first FROM
 */
export const stagesOf = (text: string): readonly Stage[] => {
  const stages: { name: string | undefined; image: string; instructions: Instruction[] }[] = [];
  for (const { name, argument } of instructionsOf(text)) {
    if (name === 'FROM') {
      const [image = '', , stage] = argument.split(/\s+/);
      stages.push({ name: stage, image, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`${name} before FROM`);
    stage.instructions.push({ name, argument });
  }
  return stages;
};

const instructionsOf = (text: string): readonly Instruction[] =>
  text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = ''] = line.split(/\s/, 1);
      return { name: name.toUpperCase(), argument: line.slice(name.length).trim() };
    });

export const argumentsOf = (stage: Stage, name: string): readonly string[] =>
  stage.instructions.filter((each) => each.name === name).map(({ argument }) => argument);

export const copiesOf = (stage: Stage): readonly Copy[] =>
  argumentsOf(stage, 'COPY').map((argument) => {
    const words = argument.split(/\s+/);
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    return { from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
  });

/** The environment that ENV gives, which holds for HEALTHCHECK and CMD too. */
export const environmentOf = (stage: Stage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    argumentsOf(stage, 'ENV')
      .flatMap((argument) => argument.split(/\s+/))
      .map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]),
  );

/**
 * Whether .dockerignore keeps a path out of the build: the last pattern that matches decides. Only
 * the two forms in use are known, `*` and names at the top, each with or without `!`.
 *
 * @throws Error on any other pattern
 */
export const isIgnored = (path: string): boolean => {
  const [top] = path.split('/', 1);
  let ignored = false;
  for (const line of textOf('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    if (!/^(\*|[\w.-]+)$/.test(pattern)) throw new Error(`.dockerignore: unknown form ${line}`);
    if (pattern === '*' || pattern === top) ignored = !line.startsWith('!');
  }
  return ignored;
};

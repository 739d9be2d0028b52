import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { nodeOptions } from '../support/node-options.js';
import {
  argumentsOf,
  copiesOf,
  environmentOf,
  isIgnored,
  type Stage,
  stagesOf,
} from './dockerfile.js';
import { buildOutput, pathOf, textOf } from './repository.js';

const stages = stagesOf(textOf('Dockerfile'));
const final = stages.at(-1)!;

/** The folders a stage's commands leave in its working directory. */
const madeBy = (stage: Stage): readonly string[] => {
  const [folder = '/'] = argumentsOf(stage, 'WORKDIR');
  const commands = argumentsOf(stage, 'RUN').join('\n');
  return [
    ...(/^npm ci/m.test(commands) ? ['node_modules'] : []),
    ...(/^npm run build$/m.test(commands) ? [buildOutput().outDir] : []),
  ].map((made) => posix.join(folder, made));
};

describe('the image', () => {
  it('is built on one pinned Debian release with one pinned major of Node', () => {
    expect(new Set(stages.map(({ image }) => image)).size).toBe(1);
    expect(final.image).toMatch(/^node:\d+-(bookworm|trixie)-slim$/);
    expect(Number(/\d+/.exec(final.image)?.[0])).toBeGreaterThanOrEqual(20);
  });

  it('copies from the repository only what is there and is let into the build', () => {
    const sources = stages
      .flatMap(copiesOf)
      .filter(({ from }) => from === undefined)
      .flatMap((copy) => copy.sources);
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      expect({ source, exists: existsSync(pathOf(source)) }).toEqual({ source, exists: true });
      if (source !== '.')
        expect({ source, ignored: isIgnored(source) }).toMatchObject({ ignored: false });
    }
  });

  it('copies from earlier stages only what their commands make', () => {
    const copies = copiesOf(final).filter(({ from }) => from !== undefined);
    expect(copies.map(({ from }) => from).sort()).toEqual(['build', 'dependencies']);
    for (const { from, sources } of copies) {
      const stage = stages.slice(0, -1).find(({ name }) => name === from);
      expect(madeBy(stage!)).toEqual(expect.arrayContaining([...sources]));
    }
  });

  it('takes its dependencies from an install without the development ones', () => {
    const { from } = copiesOf(final).find(({ sources }) => sources.includes('/app/node_modules'))!;
    const stage = stages.find(({ name }) => name === from)!;
    expect(argumentsOf(stage, 'RUN')).toEqual(['npm ci --omit=dev']);
  });

  it('installs with the npm settings of the repository', () => {
    const installing = stages.filter((stage) =>
      argumentsOf(stage, 'RUN').some((command) => command.startsWith('npm ci')),
    );
    expect(installing).toHaveLength(2);
    for (const stage of installing)
      expect(copiesOf(stage)[0]?.sources).toEqual(['.npmrc', 'package.json', 'package-lock.json']);
  });

  it('starts what `npm start` does in exec form, with no shell or npm to swallow the stop signal', () => {
    const command = ['node', ...nodeOptions, buildOutput().command, 'serve'];
    expect(argumentsOf(final, 'CMD').map((each) => JSON.parse(each))).toEqual([command]);
    expect(textOf('docs/deployment.md')).toContain(`ExecStart=/usr/bin/${command.join(' ')}\n`);
    expect(posix.dirname(buildOutput().command).split('/')[0]).toBe(buildOutput().outDir);
    expect(argumentsOf(final, 'ENTRYPOINT')).toEqual([]);
    expect(argumentsOf(final, 'STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  it('runs as an unprivileged user who owns the data folder', () => {
    const { DATA_DIR } = environmentOf(final);
    const [user] = argumentsOf(final, 'USER');
    const steps = final.instructions.map(({ name, argument }) => `${name} ${argument}`);
    const owned = steps.indexOf(
      `RUN install --directory --owner=${user} --group=${user} ${DATA_DIR}`,
    );
    expect(argumentsOf(final, 'USER')).toEqual(['node']);
    expect(owned).toBeGreaterThanOrEqual(0);
    expect(steps.indexOf(`VOLUME ${DATA_DIR}`)).toBeGreaterThan(owned);
    expect(steps.indexOf(`USER ${user}`)).toBeGreaterThan(owned);
  });

  it('listens on every address of the container, on the port it exposes', () => {
    const { HOST, PORT } = environmentOf(final);
    expect(HOST).toBe('0.0.0.0');
    expect(argumentsOf(final, 'EXPOSE')).toEqual([PORT]);
  });
});

describe('what is sent to the build', () => {
  it.each(['node_modules', 'dist', 'data', '.git', '.env', 'test', 'docs', 'coverage'])(
    'leaves out %s',
    (path) => expect(isIgnored(path)).toBe(true),
  );

  it.each(['package.json', 'tsconfig.json', 'src/cli/forkline.ts', 'projections/index.ts'])(
    'takes in %s',
    (path) => expect(isIgnored(path)).toBe(false),
  );
});

describe('the health check of the image', () => {
  const [argument] = argumentsOf(final, 'HEALTHCHECK');
  const [program, ...options] = JSON.parse(argument!.slice(argument!.indexOf('['))) as string[];

  const exitCodeWith = async (port: number): Promise<unknown> => {
    expect(program).toBe('node');
    const child = spawn(process.execPath, options, {
      env: { ...process.env, PORT: String(port) },
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    return code;
  };

  const exitCodeWhenAnswered = async (status: number): Promise<unknown> => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/healthz' ? status : 404;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      return await exitCodeWith((server.address() as AddressInfo).port);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  it('passes when /healthz answers 200', async () => {
    expect(await exitCodeWhenAnswered(200)).toBe(0);
  });

  it('fails when /healthz answers 503', async () => {
    expect(await exitCodeWhenAnswered(503)).toBe(1);
  });

  it('fails when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await exitCodeWith(port)).toBe(1);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The folder of package.json, as seen from dist/test/deployment/, where the tests run. */
const repository = new URL('../../../', import.meta.url);

export const pathOf = (file: string): string => fileURLToPath(new URL(file, repository));

export const textOf = (file: string): string => readFileSync(pathOf(file), 'utf8');

/** The pages in a folder. */
export const pagesIn = (folder: string): readonly string[] =>
  readdirSync(pathOf(folder)).flatMap((name) => (name.endsWith('.md') ? [join(folder, name)] : []));

/** Every page of the documentation. */
export const pages = ['README.md', 'CHANGELOG.md', ...pagesIn('docs'), ...pagesIn('docs/adr')];

/** The page that makes files and endpoints as one reads. */
export const tutorial = 'docs/first-change.md';

/** What the deployment files repeat from the build's own: where the command ends up, which Node. */
export const buildOutput = (): { readonly command: string; readonly outDir: string } => {
  const { bin } = z
    .object({ bin: z.object({ forkline: z.string() }) })
    .parse(JSON.parse(textOf('package.json')));
  const { compilerOptions } = z
    .object({ compilerOptions: z.object({ outDir: z.string() }) })
    .parse(JSON.parse(textOf('tsconfig.json')));
  return { command: bin.forkline.replace(/^\.\//, ''), outDir: compilerOptions.outDir };
};

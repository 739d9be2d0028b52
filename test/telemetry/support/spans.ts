import { existsSync, readFileSync } from 'node:fs';

/** A span as the preload of tests writes it. */
export type WrittenSpan = Readonly<{
  name: string;
  kind: number;
  attributes: Readonly<Record<string, unknown>>;
  status: number;
  traceId: string;
  spanId: string;
  parentId?: string;
  links: readonly string[];
  scope: string;
}>;

/** What has to be in NODE_OPTIONS for a program to write its spans. */
export const writingSpans = `--import=${new URL('./register-spans.js', import.meta.url)}`;

export const readSpans = (file: string): readonly WrittenSpan[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as WrittenSpan)
    : [];

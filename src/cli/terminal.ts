import { type inspect, styleText } from 'node:util';

type Style = keyof typeof inspect.colors & Parameters<typeof styleText>[0];

/** Gives a text a style, or leaves it plain where styles are not wanted. */
export type Paint = (style: Style, text: string) => string;

/** Where a command writes. Results go to `print`; what is said about them to `note`, which is standard error. */
export type Terminal = Readonly<{
  /** Columns of the screen; undefined when there is none, and then nothing is cut. */
  width: number | undefined;
  /** Whether progress can be drawn and redrawn. */
  canRedraw: boolean;
  paint: Paint;
  print(line: string): void;
  note(line: string): void;
}>;

/** The text as it is: for files, pipes and terminals that show no colours. */
export const plain: Paint = (_style, text) => text;

const painted: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** The terminal, or file, or pipe, that the process writes to. NO_COLOR is as no-color.org says. */
export const terminal = (): Terminal => {
  const { stdout, stderr, env } = process;
  const wantsPlain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return {
    width: stdout.isTTY ? stdout.columns : undefined,
    canRedraw: stderr.isTTY === true && !wantsPlain,
    paint: stdout.isTTY && !wantsPlain ? painted : plain,
    print: (line) => {
      stdout.write(`${line}\n`);
    },
    note: (line) => {
      stderr.write(`${line}\n`);
    },
  };
};

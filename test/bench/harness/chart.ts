import { type Chart, shown } from './findings.js';

const width = 760;
const left = 210;
const right = 90;
const barHeight = 16;
const gap = 14;
const legendFrom = 48;
// Told apart by those who do not see all colours, on light and dark grounds.
const colours = ['#2f6fde', '#e08a1e', '#4aa37c', '#b0569b', '#8a8f98'];
/** From where on bars are drawn by the logarithm: the small ones could not be seen. */
const wideRange = 100;

const isThere = (value: number | null): value is number => Number.isFinite(value);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * A chart of bars as an SVG document, readable on light and dark grounds. Where the largest figure is
 * more than a hundred times the smallest, the lengths are logarithms, and the chart says so.
 */
export const svgOf = ({ title, unit, isMoreBetter, series, groups }: Chart): string => {
  const all = groups
    .flatMap(({ values }) => values)
    .filter(isThere)
    .filter((value) => value > 0);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const isLogarithmic = most / least > wideRange;
  const floor = isLogarithmic ? 10 ** Math.floor(Math.log10(least) - 0.01) : 0;
  const lengthOf = (value: number): number => {
    const share = isLogarithmic ? Math.log(value / floor) / Math.log(most / floor) : value / most;
    return value > 0 ? Math.max(1, share * (width - left - right)) : 1;
  };
  const parts: string[] = [];
  const named = legend(series, legendFrom);
  let y = named.bottom + gap / 2;
  for (const { label, values } of groups) {
    const bars = values.flatMap((value, at) =>
      !isThere(value) ? [] : [{ value, colour: colours[at % colours.length] }],
    );
    const height = bars.length * barHeight;
    parts.push(text(left - 10, y + height / 2 + 4, label, 'end'));
    for (const [at, { value, colour }] of bars.entries()) {
      const from = y + at * barHeight;
      const length = lengthOf(value);
      parts.push(
        `<rect x="${left}" y="${from + 1}" width="${length.toFixed(1)}" height="${barHeight - 2}" rx="2" fill="${colour}"/>`,
        text(left + length + 5, from + barHeight / 2 + 3, shown(value)),
      );
    }
    y += height + gap;
  }
  const scale = `${unit}, ${isMoreBetter ? 'more' : 'less'} is better${isLogarithmic ? '; logarithmic' : ''}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:15px}.faint{fill:#656d76}',
    '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}}</style>',
    text(0, 18, title, 'start', 'title'),
    text(0, 36, scale, 'start', 'faint'),
    ...named.parts,
    ...parts,
    '</svg>\n',
  ].join('\n');
};

const text = (x: number, y: number, content: string, anchor = 'start', kind = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(content)}</text>`;

const legendHeight = 20;

/** The names of the series with their colours, in as many lines as they take. */
const legend = (series: readonly string[], from: number) => {
  const parts: string[] = [];
  let [x, y] = [0, from];
  for (const [at, name] of series.entries()) {
    // About as wide as its letters.
    const wide = 34 + name.length * 6.6;
    if (x > 0 && x + wide > width) [x, y] = [0, y + legendHeight];
    parts.push(
      `<rect x="${x.toFixed(1)}" y="${y}" width="12" height="12" rx="2" fill="${colours[at % colours.length]}"/>`,
      text(x + 17, y + 10, name),
    );
    x += wide;
  }
  return { parts, bottom: y + legendHeight };
};

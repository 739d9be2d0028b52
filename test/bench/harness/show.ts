import { hasLimit, holds } from './findings.js';
import type { Results } from './run-all.js';
import { claimsTable, markdownOf } from './table.js';

/** A run as lines for people: every table of every comparison, and at the end what is wanted and what was found. */
export const show = ({ comparisons, minutes }: Results): readonly string[] => {
  const lines = comparisons.flatMap(({ title, findings }) =>
    (findings?.tables ?? []).flatMap((table) => [
      '',
      `${title}: ${table.title}`,
      markdownOf(table),
    ]),
  );
  const claims = comparisons.flatMap(({ name, findings }) =>
    (findings?.claims ?? []).map((claim) => ({ ...claim, what: `${name}: ${claim.what}` })),
  );
  const leftOut = comparisons.flatMap(({ name, findings }) =>
    (findings?.leftOut ?? []).map((why) => `left out of ${name}: ${why}`),
  );
  const failed = comparisons.flatMap((each) =>
    each.failed.map((why) => `failed, ${each.name}: ${why}`),
  );
  const limited = claims.filter(hasLimit);
  const kept = limited.filter(holds).length;
  return [
    ...lines,
    '',
    markdownOf(claimsTable(claims)),
    ...leftOut,
    ...failed,
    `${kept} of ${limited.length} limits hold, measured in ${minutes} minutes.`,
  ];
};

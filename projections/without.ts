/** A document without some of its fields. */
export const without = <Document extends object, Field extends keyof Document>(
  document: Document,
  ...fields: readonly Field[]
): Omit<Document, Field> => {
  // A loop takes a fifth of what making entries and an object of them does.
  const left: Partial<Document> = {};
  for (const name of Object.keys(document) as (keyof Document)[])
    if (!(fields as readonly (keyof Document)[]).includes(name)) left[name] = document[name];
  // What was left out is all that it lacks.
  return left as Omit<Document, Field>;
};

/** A document without some of its fields. */
export const without = <Document extends object, Field extends keyof Document>(
  document: Document,
  ...fields: readonly Field[]
): Omit<Document, Field> =>
  // Object.fromEntries forgets which fields there were.
  Object.fromEntries(
    Object.entries(document).filter(([name]) => !(fields as readonly string[]).includes(name)),
  ) as Omit<Document, Field>;

/** Collections for models to go on with. */
export type Adoption = Readonly<{
  /** By the name of the projection. */
  collections: ReadonlyMap<string, string>;
  /** Begins to bring them to the end of the events. Nobody asks for it who only looks on while others fold. */
  begin(): Promise<Bring>;
  /** Called in the moment in which progress begins to speak of them. */
  adopted(): void;
}>;

/**
 * Brings collections to a position at least, and lets go of them.
 *
 * @returns how far each has come, by the name of the projection
 */
export type Bring = (position: number) => Promise<ReadonlyMap<string, number>>;

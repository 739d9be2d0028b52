/** Collections for models to go on with. */
export type Adoption = Readonly<{
  /** By the name of the projection. */
  collections: ReadonlyMap<string, string>;
  /**
   * Brings them to a position at least, and lets go of them.
   *
   * @returns how far each has come, by the name of the projection
   */
  bring(position: number): Promise<ReadonlyMap<string, number>>;
  /** Called in the moment in which progress begins to speak of them. */
  adopted(): void;
}>;

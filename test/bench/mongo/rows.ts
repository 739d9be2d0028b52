/** A row of a read model, about 250 bytes. */
export type Row = {
  _id: string;
  userId: string;
  archived: boolean;
  title: string;
  updatedAt: Date;
  position: number;
  tags: string[];
};

export const rowOf = (i: number, position = i): Row => ({
  _id: `session-${String(i).padStart(8, '0')}-4c1e-7a52-9f0b`,
  userId: `user-${i % 500}`,
  archived: i % 10 === 0,
  title: `What was said in session number ${i}`,
  updatedAt: new Date(1_700_000_000_000 + i * 1000),
  position,
  tags: [`tag-${i % 7}`, `tag-${i % 11}`],
});

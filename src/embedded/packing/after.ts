/**
 * The first key after all keys that begin with these bytes. Where they are none, or all 0xff, it is 0xff
 * twice, which no key begins with.
 */
export const after = (prefix: Buffer): Buffer => {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return Buffer.from([0xff, 0xff]);
  const out = Buffer.from(prefix.subarray(0, end));
  out[end - 1] = (out[end - 1] ?? 0) + 1;
  return out;
};

/**
 * A UUID that nobody else makes, of version 7 (RFC 9562): those made later are greater, which indexes
 * like. Of random bytes, since browsers have `randomUUID` on secure pages only.
 */
export const newId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const random = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const time = Date.now().toString(16).padStart(12, '0');
  // The variant is the two bits 10.
  const variant = (8 + ((bytes[1] ?? 0) & 3)).toString(16);
  return [
    ...[time.slice(0, 8), time.slice(8), `7${random.slice(0, 3)}`],
    ...[`${variant}${random.slice(5, 8)}`, random.slice(8)],
  ].join('-');
};

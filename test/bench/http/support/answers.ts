/** An answer, as far as a benchmark looks at it. */
export type Answer = Readonly<{ isSuccess: boolean; head: string; body: Buffer }>;

const endOfHead = Buffer.from('\r\n\r\n');

/**
 * Reads the answers that come over a connection on which one request is under way at a time: of each the status and
 * as many bytes as it says it has.
 *
 * @param tell told of each answer once it is whole
 * @returns takes what arrives
 */
export const answersTo = (tell: (answer: Answer) => void): ((chunk: Buffer) => void) => {
  let received: Buffer = Buffer.alloc(0);
  return (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(endOfHead);
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const body = received.subarray(end + endOfHead.length);
    if (body.length < length) return;
    received = Buffer.alloc(0);
    tell({ isSuccess: /^HTTP\/1\.1 2/.test(head), head, body });
  };
};

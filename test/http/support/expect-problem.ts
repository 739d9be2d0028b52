import { expect } from '@jest/globals';
import type { Reply } from './api.js';

/** What every refusal answers (RFC 9457), with the members that Forkline adds. */
export type ProblemBody = Readonly<{
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: readonly Readonly<{ path: string; message: string }>[];
  currentRevision?: number | null;
  forks?: readonly Readonly<{ stream: string; at: number }>[];
}>;

/** Checks that a reply is a complete problem document of a code, and gives it. */
export const expectProblem = (
  { status, headers, body }: Reply<unknown>,
  code: string,
  expectedStatus: number,
): ProblemBody => {
  const problem = body as ProblemBody;
  expect({ status, code: problem?.code }).toEqual({ status: expectedStatus, code });
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json(;|$)/);
  expect(problem).toMatchObject({
    type: `urn:forkline:problem:${code}`,
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^\//),
    requestId: headers.get('x-request-id'),
  });
  if (status === 400)
    expect(problem.errors).toContainEqual({
      path: expect.stringMatching(/./),
      message: expect.stringMatching(/./),
    });
  return problem;
};

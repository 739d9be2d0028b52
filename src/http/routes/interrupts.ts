import { z } from 'zod';
import { interruptKinds, interruptStatuses } from '../../domain/interrupt.js';
import { given } from '../../fields.js';
import { findInterrupt, listInterrupts } from '../../queries/interrupts.js';
import { found, written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { type Route, route } from '../route.js';
import { after, id, jsonObject, paging, reason, ttlSeconds } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { interruptSchema } from '../views/interrupts.js';
import { longText, responseFields } from './interrupt-schema.js';
import { interruptRaising } from './raise-interrupt.js';
import { settlingInterrupts } from './settle-interrupt.js';

const params = z.strictObject({ id });
const kind = z.enum(interruptKinds);
const requestId = z.string().min(1).max(200);

/** Interrupts: questions that hold up an agent. */
export const interruptRoutes = (services: Services, gate: FamilyGate): readonly Route[] => {
  const { collections } = services;
  const raise = interruptRaising(services, gate);
  const { respond, cancel } = settlingInterrupts(services);
  return [
    route({
      method: 'post',
      path: '/v1/interrupts',
      access: 'caller',
      body: z.strictObject({
        id: id.optional(),
        kind,
        requestId,
        sessionId: id,
        executionId: id.optional(),
        question: longText.optional(),
        message: longText.optional(),
        data: jsonObject.optional(),
        ttlSeconds: ttlSeconds.optional(),
      }),
      operationId: 'raiseInterrupt',
      summary: 'Raise an interrupt',
      answers: { 201: writtenSchema },
      handle: async ({ body }, context) => raise(body, context),
    }),
    route({
      method: 'get',
      path: '/v1/interrupts',
      access: 'caller',
      reads: ['interrupts'],
      query: z.strictObject({
        status: z.enum(interruptStatuses).optional(),
        kind: kind.optional(),
        sessionId: id.optional(),
        requestId: requestId.optional(),
        executionId: id.optional(),
        ...paging,
        ...after,
      }),
      operationId: 'listInterrupts',
      summary: 'List interrupts, newest activity first',
      answers: { 200: pageOf(interruptSchema) },
      handle: async ({ query: { after: _, ...query } }, { caller }) => ({
        status: 200,
        body: await listInterrupts(collections, caller, given(query)),
      }),
    }),
    route({
      method: 'get',
      path: '/v1/interrupts/:id',
      access: 'own',
      reads: ['interrupts'],
      params,
      query: z.strictObject(after),
      operationId: 'getInterrupt',
      summary: 'Look at an interrupt',
      answers: { 200: interruptSchema },
      handle: async ({ params }, { caller }) =>
        found(await findInterrupt(collections, caller, params.id), 'interrupt-not-found'),
    }),
    route({
      method: 'post',
      path: '/v1/interrupts/:id/respond',
      access: 'own',
      params,
      body: z.strictObject(responseFields),
      operationId: 'respondToInterrupt',
      summary: 'Respond to an interrupt',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await respond(params.id, given(body), command)),
    }),
    route({
      method: 'post',
      path: '/v1/interrupts/:id/cancel',
      access: 'own',
      params,
      body: z.strictObject({ reason: reason.optional() }),
      operationId: 'cancelInterrupt',
      summary: 'Cancel an interrupt',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await cancel(params.id, given(body), command)),
    }),
  ];
};

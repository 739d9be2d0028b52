import { fromCursor } from './page.js';

/**
 * The condition for what comes after a cursor in a list sorted by `updatedAt` and `_id`, both falling.
 *
 * @throws BadCursor
 */
export const olderThan = (cursor: string) => {
  const [updatedAt, _id] = fromCursor(cursor, ['string', 'string']) as readonly [string, string];
  return {
    updatedAt: { $lte: updatedAt },
    $or: [{ updatedAt: { $lt: updatedAt } }, { updatedAt, _id: { $lt: _id } }],
  };
};

/**
 * The same for a list sorted by `createdAt` and `_id`.
 *
 * @throws BadCursor
 */
export const createdBefore = (cursor: string) => {
  const [createdAt, _id] = fromCursor(cursor, ['string', 'string']) as readonly [string, string];
  return {
    createdAt: { $lte: createdAt },
    $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: _id } }],
  };
};

import { ObjectId } from 'bson';

/** A value as MongoDB writes it in messages: `{ _id: "a", n: 1 }`. */
export const shellText = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (Array.isArray(value)) return `[ ${value.map(shellText).join(', ')} ]`;
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return String(value);
  const fields = Object.entries(value).map(([name, item]) => `${name}: ${shellText(item)}`);
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
};

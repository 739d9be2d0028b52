import type { z } from 'zod';
import type { JsonObject } from '../../domain/json.js';

/** A type with what makes no difference in JSON taken out: who may write to it, and how it was put together. */
type InJson<T> = [JsonObject] extends [T]
  ? 'any JSON'
  : T extends readonly (infer Item)[]
    ? readonly InJson<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: InJson<T[Key]> }
      : T;

/** Whether two types are one and the same, optional properties included. */
type IsSame<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type Agreeing<Schema extends z.ZodType, View> =
  IsSame<InJson<z.infer<Schema>>, InJson<View>> extends true
    ? Schema
    : { 'the schema and the type of the view are not the same': InJson<View> };

/**
 * The schema of what a view of a type looks like to those who ask. It does not compile unless it has
 * exactly the properties of the type, so that neither can change without the other.
 */
export const schemaOf =
  <View>() =>
  <Schema extends z.ZodType>(schema: Schema & Agreeing<Schema, View>): Schema =>
    schema;

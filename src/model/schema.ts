import { z } from 'zod';

/** What reports and the slices of collectors are made of. They are checked against their schemas in tests, never while vigil runs. */

/**
 * A schema of T, whose type is made elsewhere: with a field for each of its fields and of that type. A field that is new
 * there and forgotten here does not compile.
 */
export function schemaOf<T>() {
  return <S extends { [K in keyof T]-?: z.ZodType<T[K]> }>(
    shape: S & Record<Exclude<keyof S, keyof T>, never>,
  ) => z.strictObject(shape as S);
}

/** What fields of these schemas hold. */
export type FieldTypes<F extends z.ZodRawShape> = z.infer<z.ZodObject<F>>;

export function list<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}

/** ISO 8601 in UTC with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });
/** Milliseconds since the epoch. */
export const time_ms = z.number();
export const pid = z.int().min(0);
export const uid = z.int().min(0);
/** Clock ticks after boot: with the pid, the identity of a process. */
export const start_ticks = z
  .number()
  .describe('clock ticks after boot: with the pid, the identity of a process');
export const count = z.int().min(0);
export const bytes = z.number().describe('bytes');
/** Text of other processes is raw, as in all JSON. */
export const text = z.string();

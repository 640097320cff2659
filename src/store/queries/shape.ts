/**
 * What a value from the disk is read as, in the store's thread: a library for it would take 5 MB there. Each answers the
 * value, of an object only what is asked for, or WRONG.
 */

export const WRONG = Symbol('wrong');

export type Shape<T> = (value: unknown) => T | typeof WRONG;
export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

export const text: Shape<string> = value => (typeof value === 'string' ? value : WRONG);
export const yesOrNo: Shape<boolean> = value => (typeof value === 'boolean' ? value : WRONG);
export const number: Shape<number> = value => (isNumber(value) ? value : WRONG);
export const count: Shape<number> = value =>
  isNumber(value) && Number.isSafeInteger(value) && value >= 0 ? value : WRONG;
/** One that JavaScript's Date can tell. */
export const date: Shape<number> = value => (isNumber(value) && Math.abs(value) <= 8.64e15 ? value : WRONG);

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return value => (value === null ? null : shape(value));
}

export function oneOf<const T>(values: readonly T[]): Shape<T> {
  return value => (values.includes(value as T) ? (value as T) : WRONG);
}

export function listOf<T>(shape: Shape<T>): Shape<T[]> {
  return value => {
    if (!Array.isArray(value)) return WRONG;
    const read = value.map(shape);
    return read.includes(WRONG) ? WRONG : (read as T[]);
  };
}

export function tableOf<T>(shape: Shape<T>): Shape<Record<string, T>> {
  return value => {
    if (!isObject(value)) return WRONG;
    const read = Object.entries(value).map(([key, one]) => [key, shape(one)] as const);
    return read.some(([, one]) => one === WRONG) ? WRONG : (Object.fromEntries(read) as Record<string, T>);
  };
}

export function objectOf<S extends Record<string, Shape<unknown>>>(
  shapes: S,
): Shape<{ [K in keyof S]: ShapeOf<S[K]> }> {
  return value => {
    if (!isObject(value)) return WRONG;
    const read: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(shapes)) {
      read[key] = shape(value[key]);
      if (read[key] === WRONG) return WRONG;
    }
    return read as { [K in keyof S]: ShapeOf<S[K]> };
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

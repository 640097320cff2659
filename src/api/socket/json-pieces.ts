/** Lists that are longer are written in pieces. */
const LONG = 32;
/** Long lists are looked for so deep: a verdict's targets are at 5. */
const DEPTH = 6;
/** A piece has so many characters and the rest of a row. */
const PIECE_CHARS = 16_384;

/** Whether there is a long list in it. */
export function isLong(value: unknown, depth = DEPTH): boolean {
  return rowsIn(value, depth) > LONG;
}

/** How many entries its lists have, as far as they are long. */
export function rowsIn(value: unknown, depth = DEPTH): number {
  if (typeof value !== 'object' || value === null || depth === 0) return 0;
  if (Array.isArray(value)) {
    if (value.length > LONG) return value.length;
    return value.reduce((sum: number, one) => sum + rowsIn(one, depth - 1), 0);
  }
  let rows = 0;
  for (const one of Object.values(value)) rows += rowsIn(one, depth - 1);
  return rows;
}

/** What JSON.stringify makes of plain data, piece by piece: a list of thousands of rows stops nobody for long. */
export function* jsonPieces(value: unknown): Generator<string, void, undefined> {
  let piece = '';
  for (const part of parts(value, DEPTH)) {
    piece += part;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function* parts(value: unknown, depth: number): Generator<string, void, undefined> {
  if (!isLong(value, depth)) yield JSON.stringify(value) ?? 'null';
  else if (Array.isArray(value)) yield* list(value, depth);
  else yield* table(value as object, depth);
}

function* list(values: readonly unknown[], depth: number): Generator<string, void, undefined> {
  yield '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) yield ',';
    yield* parts(values[i], depth - 1);
  }
  yield ']';
}

function* table(value: object, depth: number): Generator<string, void, undefined> {
  let before = '{';
  for (const [key, one] of Object.entries(value)) {
    // As JSON.stringify does.
    if (one === undefined || typeof one === 'function' || typeof one === 'symbol') continue;
    yield `${before}${JSON.stringify(key)}:`;
    yield* parts(one, depth - 1);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

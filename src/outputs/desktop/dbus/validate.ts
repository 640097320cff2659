/**
 * Whether a D-Bus message keeps to the specification ("Message Protocol" of dbus-specification), before a library
 * reads it that believes what is written there: an array that claims four billion empty strings would fill the memory.
 */

/** What comes to a tray icon and from a notification server has a few dozen. */
const MAX_VALUES = 10_000;
const MAX_DEPTH = 32;
const SIGNATURE_FIELD = 8;
export const HEADER_BYTES = 16;
const LITTLE_ENDIAN = 0x6c;

const FIXED: Readonly<Record<string, number>> = { y: 1, n: 2, q: 2, b: 4, i: 4, u: 4, x: 8, t: 8, d: 8 };
const ALIGNMENT: Readonly<Record<string, number>> = {
  ...FIXED,
  s: 4,
  o: 4,
  a: 4,
  g: 1,
  v: 1,
  '(': 8,
  '{': 8,
};

/** Throws where it does not. `message` is a whole one, header and all. */
export function validateMessage(message: Buffer): void {
  const isLittle = message[0] === LITTLE_ENDIAN;
  const fieldsBytes = readU32(message, 12, isLittle);
  const bodyBytes = readU32(message, 4, isLittle);
  const fieldsEnd = HEADER_BYTES + fieldsBytes;
  const signature = new Walker(message, HEADER_BYTES, fieldsEnd, isLittle).fields();
  const bodyStart = message.length - bodyBytes;
  if (bodyBytes > 0 && signature !== '')
    new Walker(message, bodyStart, message.length, isLittle).all(signature);
}

export function readU32(bytes: Buffer, at: number, isLittle: boolean): number {
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

/** Goes over the values of a signature without making any. */
class Walker {
  private values = 0;

  constructor(
    private readonly bytes: Buffer,
    private pos: number,
    private end: number,
    private readonly isLittle: boolean,
  ) {}

  /** The fields of a header, `a(yv)`: answers the body's signature, which is one of them. */
  fields(): string {
    let signature = '';
    while (this.pos < this.end) {
      this.align(8);
      const code = this.byte();
      const type = this.signature();
      const at = this.pos;
      this.one(type, 0);
      if (code === SIGNATURE_FIELD && type === 'g')
        signature = this.bytes.toString('latin1', at + 1, this.pos - 1);
    }
    return signature;
  }

  /** Values of these types, one after the other. */
  all(signature: string): void {
    for (let at = 0; at < signature.length; ) at = this.value(signature, at, 0);
  }

  /** A variant has one value. */
  private one(signature: string, depth: number): void {
    if (this.value(signature, 0, depth) !== signature.length) fail('a variant of more than one type');
  }

  /** One value of the type that begins at `at`; answers where in the signature the next begins. */
  private value(signature: string, at: number, depth: number): number {
    if (++this.values > MAX_VALUES) fail('too many values');
    if (depth > MAX_DEPTH) fail('nested too deeply');
    const type = signature[at] ?? '';
    const size = FIXED[type];
    if (size !== undefined) {
      this.align(size);
      this.skip(size);
      return at + 1;
    }
    switch (type) {
      case 's':
      case 'o':
        this.skip(this.u32() + 1);
        return at + 1;
      case 'g':
        this.signature();
        return at + 1;
      case 'v':
        this.one(this.signature(), depth + 1);
        return at + 1;
      case 'a':
        return this.array(signature, at + 1, depth + 1);
      case '(':
      case '{':
        return this.struct(signature, at, depth + 1);
      default:
        return fail('an unknown type');
    }
  }

  private array(signature: string, at: number, depth: number): number {
    const after = endOfType(signature, at, depth);
    const bytes = this.u32();
    this.align(ALIGNMENT[signature[at]!]!);
    const outer = this.end;
    if (bytes > outer - this.pos) fail('an array that is longer than its message');
    this.end = this.pos + bytes;
    if (signature[at] === 'y') this.pos = this.end;
    while (this.pos < this.end) this.value(signature, at, depth);
    this.end = outer;
    return after;
  }

  private struct(signature: string, at: number, depth: number): number {
    this.align(8);
    const close = signature[at] === '(' ? ')' : '}';
    let next = at + 1;
    while (signature[next] !== close) next = this.value(signature, next, depth);
    if (next === at + 1) fail('an empty struct');
    return next + 1;
  }

  private signature(): string {
    const length = this.byte();
    const from = this.pos;
    this.skip(length + 1);
    return this.bytes.toString('latin1', from, from + length);
  }

  private u32(): number {
    this.align(4);
    this.skip(4);
    return readU32(this.bytes, this.pos - 4, this.isLittle);
  }

  private byte(): number {
    this.skip(1);
    return this.bytes[this.pos - 1]!;
  }

  private align(size: number): void {
    this.skip((size - (this.pos % size)) % size);
  }

  private skip(bytes: number): void {
    this.pos += bytes;
    if (this.pos > this.end) fail('a value that is longer than its message');
  }
}

/** Where the complete type that begins at `at` ends. */
function endOfType(signature: string, at: number, depth: number): number {
  if (depth > MAX_DEPTH) fail('nested too deeply');
  const type = signature[at] ?? '';
  if (type === 'a') return endOfType(signature, at + 1, depth + 1);
  if (type !== '(' && type !== '{') return ALIGNMENT[type] === undefined ? fail('an unknown type') : at + 1;
  const close = type === '(' ? ')' : '}';
  let next = at + 1;
  while (signature[next] !== close) next = endOfType(signature, next, depth + 1);
  if (next === at + 1) fail('an empty struct');
  return next + 1;
}

function fail(why: string): never {
  throw new Error(`it sends what is no message of D-Bus: ${why}`);
}

import { HEADER_BYTES, readU32, validateMessage } from './validate.js';

/** What a tray, a notification server and the bus itself send us has a few hundred bytes. */
export const MAX_MESSAGE_BYTES = 128 * 1024;
const LITTLE_ENDIAN = 0x6c;
const BIG_ENDIAN = 0x42;

/** Bytes in, whole and valid messages of D-Bus out. Throws at the first that is none, or is too long. */
export class DbusFrames {
  private rest: Buffer[] = [];
  private bytes = 0;
  private needed = HEADER_BYTES;

  push(chunk: Buffer): Buffer[] {
    this.rest.push(chunk);
    this.bytes += chunk.length;
    const messages: Buffer[] = [];
    while (this.bytes >= this.needed) {
      const data = this.rest.length === 1 ? this.rest[0]! : Buffer.concat(this.rest);
      const length = lengthOf(data);
      this.rest = [data];
      this.needed = length;
      if (this.bytes < length) break;
      const message = data.subarray(0, length);
      validateMessage(message);
      messages.push(message);
      this.rest = [data.subarray(length)];
      this.bytes -= length;
      this.needed = HEADER_BYTES;
    }
    return messages;
  }
}

/** Of the message whose header stands at the beginning. */
function lengthOf(header: Buffer): number {
  const order = header[0];
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) throw new Error('it does not speak D-Bus');
  const isLittle = order === LITTLE_ENDIAN;
  const fields = readU32(header, 12, isLittle);
  const length = HEADER_BYTES + Math.ceil(fields / 8) * 8 + readU32(header, 4, isLittle);
  if (length > MAX_MESSAGE_BYTES) throw new Error(`it sends a message of ${length} bytes`);
  return length;
}

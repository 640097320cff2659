/**
 * The wire format of i3 and sway (i3-ipc(7), sway-ipc(7)): `i3-ipc`, u32 length, u32 type, JSON; native byte
 * order. The highest bit of the type marks an event.
 */
export const COMMAND = { run: 0, subscribe: 2, tree: 4, version: 7 } as const;
export const EVENT = { workspace: 0x80000000, window: 0x80000003, shutdown: 0x80000006 } as const;

const MAGIC = Buffer.from('i3-ipc');
const HEADER_BYTES = MAGIC.length + 8;
/** A tree of a thousand windows has about 2 MB. */
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

export function encodeMessage(type: number, payload = ''): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(body.length, MAGIC.length);
  header.writeUInt32LE(type, MAGIC.length + 4);
  return Buffer.concat([header, body]);
}

export interface I3Message {
  type: number;
  payload: unknown;
}

/** Bytes in, messages out. Throws when what arrives is not this protocol. */
export class I3Decoder {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private needed = HEADER_BYTES;

  push(chunk: Buffer): I3Message[] {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    const messages: I3Message[] = [];
    while (this.bytes >= this.needed) {
      const data = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
      this.chunks = [data];
      if (!data.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not the i3 protocol');
      const length = data.readUInt32LE(MAGIC.length);
      if (length > MAX_PAYLOAD_BYTES) throw new Error(`a message of ${length} bytes`);
      this.needed = HEADER_BYTES + length;
      if (this.bytes < this.needed) break;
      const type = data.readUInt32LE(MAGIC.length + 4);
      messages.push({ type, payload: JSON.parse(data.toString('utf8', HEADER_BYTES, this.needed)) });
      const rest = data.subarray(this.needed);
      this.chunks = [rest];
      this.bytes = rest.length;
      this.needed = HEADER_BYTES;
    }
    return messages;
  }
}

/** What is used of a node of the tree; everything may be missing. */
export interface I3Node {
  id?: unknown;
  type?: unknown;
  name?: unknown;
  pid?: unknown;
  window?: unknown;
  focused?: unknown;
  nodes?: unknown;
  floating_nodes?: unknown;
}

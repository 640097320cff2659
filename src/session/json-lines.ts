import type { Readable } from 'node:stream';

/**
 * Calls back with each line of a stream, parsed. A line that is too long ends in `onBad` once and is skipped
 * to its newline; what is no JSON is reported too. Nothing is kept but the unfinished line.
 */
export function readJsonLines(
  stream: Readable,
  max_bytes: number,
  onValue: (value: unknown) => void,
  onBad: (why: string) => void,
): void {
  let parts: Buffer[] = [];
  let bytes = 0;
  let skipping = false;
  stream.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (;;) {
      const end = rest.indexOf(10);
      const piece = end < 0 ? rest : rest.subarray(0, end);
      if (!skipping) {
        bytes += piece.length;
        if (bytes > max_bytes) {
          skipping = true;
          parts = [];
          onBad(`a line of more than ${max_bytes} bytes`);
        } else if (piece.length > 0) parts.push(piece);
      }
      if (end < 0) return;
      if (!skipping && parts.length > 0) deliver(Buffer.concat(parts));
      parts = [];
      bytes = 0;
      skipping = false;
      rest = rest.subarray(end + 1);
    }
  });

  function deliver(line: Buffer): void {
    let value: unknown;
    try {
      value = JSON.parse(line.toString('utf8'));
    } catch {
      onBad('a line that is not JSON');
      return;
    }
    onValue(value);
  }
}

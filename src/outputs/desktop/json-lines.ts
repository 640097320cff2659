import type { Readable } from 'node:stream';

/**
 * Calls back with each line of a stream, parsed. What is no JSON ends in `onBad`, and so does a line that is too
 * long: once for each `max_bytes` of it, so that whoever counts both calls has a measure of all that comes. It is
 * skipped to its newline. Nothing is kept but the unfinished line.
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
      bytes += piece.length;
      if (bytes > max_bytes) {
        skipping = true;
        parts = [];
        bytes -= max_bytes;
        onBad(`a line of more than ${max_bytes} bytes`);
      } else if (!skipping && piece.length > 0) parts.push(piece);
      if (end < 0) return;
      if (!skipping) deliver(Buffer.concat(parts));
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

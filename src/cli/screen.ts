/** A terminal taken over for a while, and given back as it was, however the program ends. */

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

/** q, Q, Ctrl-C, Ctrl-D. In raw mode Ctrl-C is a byte like any other. */
const LEAVE_KEYS: ReadonlySet<number> = new Set([0x71, 0x51, 0x03, 0x04]);

export interface Screen {
  /** Lines that fit the width; those below the last row are left out. */
  draw(lines: readonly string[]): void;
  readonly columns: number;
  readonly rows: number;
  /** Settles when the person wants to leave, or a signal says so. */
  readonly left: Promise<void>;
  onResize(listener: () => void): void;
  close(): void;
}

export function openScreen(
  stdin: NodeJS.ReadStream = process.stdin,
  stdout: NodeJS.WriteStream = process.stdout,
): Screen {
  const cleanups: (() => void)[] = [];
  const left = new Promise<void>(resolve => {
    const leave = (): void => resolve();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, leave);
      cleanups.push(() => process.off(signal, leave));
    }
    if (!stdin.isTTY) return;
    const key = (chunk: Buffer): void => {
      if (chunk.some(byte => LEAVE_KEYS.has(byte))) leave();
    };
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on('data', key);
    stdin.once('end', leave);
    cleanups.push(() => {
      stdin.off('data', key);
      stdin.off('end', leave);
      stdin.setRawMode(false);
      stdin.pause();
    });
  });
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    stdout.write(LEAVE);
    for (const cleanup of cleanups) cleanup();
  };
  process.once('exit', close);
  stdout.write(ENTER);
  return {
    draw(lines) {
      if (!open) return;
      const shown = lines.slice(0, stdout.rows || 24).map(line => `${line}\u001b[0m\u001b[K`);
      stdout.write(`\u001b[H${shown.join('\r\n')}\u001b[J`);
    },
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    left,
    onResize(listener) {
      stdout.on('resize', listener);
      cleanups.push(() => void stdout.off('resize', listener));
    },
    close,
  };
}

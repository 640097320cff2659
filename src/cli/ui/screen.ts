import { type Key, KeyDecoder } from './keys.js';

/** A terminal taken over for a while, and given back as it was, however the program ends. */

// Alternate screen, no cursor, no wrapping, pasted text marked as such.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[2J';
const LEAVE = '\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l';

/** Between these a terminal that knows them shows nothing half drawn; the others ignore them. */
const HOLD = '\u001b[?2026h';
const RELEASE = '\u001b[?2026l';

/** After an escape alone: what belongs to it comes at once. */
const ESCAPE_MS = 40;
/** So much that the terminal has not taken yet: it is slow, and gets the next picture later. */
const MAX_WAITING_BYTES = 64 * 1024;

export interface Screen {
  /** Lines that fit the width; those below the last row are left out. Only rows that changed are written. */
  draw(lines: readonly string[]): void;
  readonly columns: number;
  readonly rows: number;
  /** Settles when the person wants to leave, or a signal says so. */
  readonly left: Promise<void>;
  leave(): void;
  onKeys(listener: (keys: readonly Key[]) => void): void;
  /** The size changed, or the program was stopped and goes on: the next picture is drawn as a whole. */
  onResize(listener: () => void): void;
  /** Somebody wrote over it. */
  redraw(): void;
  close(): void;
}

/** Keys that leave a view in which nothing is typed. */
export const LEAVE_KEYS: ReadonlySet<Key> = new Set(['q', 'Q', 'ctrl-c', 'ctrl-d']);

export function openScreen(
  stdin: NodeJS.ReadStream = process.stdin,
  stdout: NodeJS.WriteStream = process.stdout,
): Screen {
  const cleanups: (() => void)[] = [];
  let leave: () => void = () => {};
  const left = new Promise<void>(resolve => {
    leave = resolve;
  });
  const on = (target: NodeJS.EventEmitter, event: string, listener: (...args: never[]) => void): void => {
    target.on(event, listener as (...args: unknown[]) => void);
    cleanups.push(() => void target.off(event, listener as (...args: unknown[]) => void));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) on(process, signal, leave);

  let drawn: readonly string[] = [];
  let resized: () => void = () => {};
  const redraw = (): void => {
    drawn = [];
    if (open) stdout.write('\u001b[2J');
  };
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    stdout.write(LEAVE);
    for (const cleanup of cleanups) cleanup();
  };
  on(process, 'exit', close);
  // First the terminal, then the words of whoever reports it: they would be gone with the alternate screen.
  on(process, 'uncaughtExceptionMonitor', close);
  const keys = listenForKeys(stdin, on, leave, cleanups);
  // The shell that went on meanwhile has set the terminal as it likes it.
  on(process, 'SIGCONT', () => {
    if (!open) return;
    if (stdin.isTTY) stdin.setRawMode(false).setRawMode(true);
    stdout.write(ENTER);
    drawn = [];
    resized();
  });
  stdout.write(ENTER);
  return {
    draw(lines) {
      if (!open || stdout.writableLength > MAX_WAITING_BYTES) return;
      const shown = lines.slice(0, stdout.rows || 24);
      const text = difference(drawn, shown);
      drawn = shown;
      if (text !== '') stdout.write(HOLD + text + RELEASE);
    },
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    left,
    leave,
    onKeys: keys,
    onResize(listener) {
      resized = listener;
      on(stdout, 'resize', () => {
        redraw();
        listener();
      });
    },
    redraw,
    close,
  };
}

/** What has to be written for `after` to stand where `before` does. */
export function difference(before: readonly string[], after: readonly string[]): string {
  let text = '';
  for (let row = 0; row < Math.max(before.length, after.length); row++) {
    const line = after[row] ?? '';
    // Erased first: behind a full line the cursor stands on its last cell, and that would go.
    if (line !== before[row]) text += `\u001b[${row + 1};1H\u001b[0m\u001b[K${line}\u001b[0m`;
  }
  return text;
}

function listenForKeys(
  stdin: NodeJS.ReadStream,
  on: (target: NodeJS.EventEmitter, event: string, listener: (...args: never[]) => void) => void,
  leave: () => void,
  cleanups: (() => void)[],
): (listener: (keys: readonly Key[]) => void) => void {
  let listener: (keys: readonly Key[]) => void = () => {};
  if (!stdin.isTTY) return () => {};
  const decoder = new KeyDecoder();
  let timer: NodeJS.Timeout | null = null;
  const tell = (keys: readonly Key[]): void => {
    if (keys.length > 0) listener(keys);
  };
  stdin.setRawMode(true);
  stdin.resume();
  on(stdin, 'data', (chunk: Buffer) => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    tell(decoder.push(chunk));
    if (decoder.pending) timer = setTimeout(() => tell(decoder.flush()), ESCAPE_MS);
  });
  on(stdin, 'end', leave);
  cleanups.push(() => {
    if (timer !== null) clearTimeout(timer);
    try {
      stdin.setRawMode(false);
    } catch {
      // EIO: the terminal is closed, there is nothing to give back.
    }
    stdin.pause();
  });
  return heard => {
    listener = heard;
  };
}

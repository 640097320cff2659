/** What a command line program has to do with the world, so that tests can be the world. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  /** Columns of the terminal that standard output is; null when it is none: nothing is cut then. */
  columns: number | null;
  color: boolean;
  now(): number;
  home: string | null;
}

export function processIo(): Io {
  const { stdout, stderr, env } = process;
  const tty = stdout.isTTY === true;
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    env,
    columns: tty ? stdout.columns || 80 : null,
    color: tty && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    now: Date.now,
    home: env.HOME || null,
  };
}

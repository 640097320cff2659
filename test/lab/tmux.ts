import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nowMs, sleep, until } from './clock.js';

const run = promisify(execFile);

/** A tmux server of our own, on its own socket; nothing of the user's tmux is touched. */
export class Tmux {
  readonly socket: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(socket: string) {
    this.socket = socket;
    const { TMUX: _tmux, TMUX_PANE: _pane, ...env } = process.env;
    this.#env = env;
  }

  async tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-f', '/dev/null', '-S', this.socket, ...args], { env: this.#env });
    return stdout.trimEnd();
  }

  /** Starts `argv` in a window of its own; gives the pane. Its first process *is* the command. */
  async open(argv: string[], options: { cwd: string; env: Record<string, string> }): Promise<Pane> {
    const sets = Object.entries(options.env).map(([k, v]) => `${k}=${v}`);
    const command = ['exec', 'env', ...sets, ...argv].map(quote).join(' ');
    const format = '#{pane_id} #{pane_pid} #{pane_tty}';
    const alive = await this.tmux('has-session', '-t', 'lab').then(
      () => true,
      () => false,
    );
    const where = alive
      ? ['new-window', '-t', 'lab:', '-d']
      : ['new-session', '-d', '-s', 'lab', '-x', '150', '-y', '50'];
    const args = [...where, '-P', '-F', format, '-c', options.cwd, command.replace("'exec'", 'exec')];
    const [id, pid, tty] = (await this.tmux(...args)).split(' ');
    return new Pane(this, id!, Number(pid), tty!);
  }

  /** Ends the server and so hangs up every terminal in it. */
  async kill(): Promise<void> {
    await this.tmux('kill-server').catch(() => {});
  }
}

export class Pane {
  readonly server: Tmux;
  readonly id: string;
  /** The process that tmux started in it. */
  readonly pid: number;
  /** e.g. /dev/pts/3 */
  readonly tty: string;

  constructor(server: Tmux, id: string, pid: number, tty: string) {
    this.server = server;
    this.id = id;
    this.pid = pid;
    this.tty = tty;
  }

  async screen(): Promise<string> {
    return this.server.tmux('capture-pane', '-p', '-t', this.id);
  }

  async waitFor(text: string | RegExp, limit_ms = 20_000): Promise<string> {
    const fits = (s: string): boolean => (typeof text === 'string' ? s.includes(text) : text.test(s));
    let seen = '';
    try {
      return await until(
        `${text} on the screen`,
        async () => {
          seen = await this.screen();
          return fits(seen) ? seen : undefined;
        },
        limit_ms,
        30,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; the screen says:\n${seen.trimEnd()}`);
    }
  }

  /** Key names as tmux knows them: `Enter`, `Escape`, `Up`, `C-c`. Gives the instant just before it was sent. */
  async key(...names: string[]): Promise<number> {
    const time_ms = nowMs();
    await this.server.tmux('send-keys', '-t', this.id, ...names);
    return time_ms;
  }

  async type(text: string): Promise<void> {
    await this.server.tmux('send-keys', '-t', this.id, '-l', text);
  }

  /** The text first, Enter half a second later: agents take a fast Enter for a pasted newline. */
  async submit(text: string): Promise<number> {
    await this.type(text);
    await sleep(500);
    return this.key('Enter');
  }

  /** Closes the terminal: the kernel hangs it up. */
  async close(): Promise<number> {
    const time_ms = nowMs();
    await this.server.tmux('kill-pane', '-t', this.id);
    return time_ms;
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

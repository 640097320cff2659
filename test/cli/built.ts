import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compiled, ROOT } from '../compiled.js';

const execute = promisify(execFile);

/** The program as it is installed, compiled from the sources of now, in a folder of its own. */
export class Built {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-built-'));
  readonly bin = join(this.dir, 'bin', 'vigil');

  constructor({ compile = true } = {}) {
    for (const part of ['bin', 'package.json'])
      cpSync(join(ROOT, part), join(this.dir, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.dir, 'node_modules'));
    if (!compile) return;
    cpSync(compiled(), join(this.dir, 'dist'), { recursive: true });
  }

  run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [this.bin, ...args], { encoding: 'utf8' });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}

/** A tmux of one's own, with one window that runs a shell. */
export class Tmux {
  private readonly socket = `vigil-test-${process.pid}-${Math.random().toString(36).slice(2)}`;

  constructor(columns: number, rows: number) {
    this.tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      'env PS1="$ " sh',
    );
  }

  private tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.socket, ...args], { encoding: 'utf8' });
  }

  type(text: string): void {
    this.tmux('send-keys', '-l', text);
  }

  key(name: string): void {
    this.tmux('send-keys', name);
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  screen(): string {
    return this.tmux('capture-pane', '-p');
  }

  /** What programs write to the terminal from now on goes to a file, too. */
  copyTo(file: string): void {
    this.tmux('pipe-pane', `cat >> ${file}`);
  }

  info(format: string): string {
    return this.tmux('display-message', '-p', format).trim();
  }

  /**
   * Resolves with the screen once it shows that. The time is a limit for broken code, never a measure. The screen is asked for
   * without standing still: what is on it may be waiting for a server in this very process.
   */
  async shows(text: string | RegExp, timeoutMs = 30_000): Promise<string> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const { stdout: screen } = await execute('tmux', ['-L', this.socket, 'capture-pane', '-p']);
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      if (Date.now() > end) throw new Error(`the screen never showed ${text}:\n${screen}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  end(): void {
    this.tmux('kill-server');
  }
}

import { closeSync, constants, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './desktop.js';
import type { Installed, User } from './user.js';

let serial = 0;

/** The stand-in for Claude Code (fixtures/claude.sh), as its test drives it. */
export class FakeAgent {
  readonly fifo: string;
  readonly project: string;

  constructor(
    private readonly user: User,
    private readonly installed: Installed,
    project: string,
  ) {
    this.project = project;
    user.run(['mkdir', '-p', join(user.home, 'work', project)]);
    this.fifo = join(user.runtime, `agent-${++serial}`);
    user.run(['mkfifo', this.fifo]);
  }

  get cwd(): string {
    return join(this.user.home, 'work', this.project);
  }

  /** To be run in a terminal. */
  get command(): string[] {
    return [...this.installed.claude, this.fifo];
  }

  /** Nothing happens when it is gone already. */
  tell(what: string): void {
    let fd: number;
    try {
      fd = openSync(this.fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return;
    }
    writeSync(fd, `${what}\n`);
    closeSync(fd);
  }

  /** Its process id, once it runs. */
  pid(): Promise<number> {
    return until(`an agent in ${this.cwd}`, () => {
      for (const name of readdirSync('/proc')) {
        if (!/^\d+$/.test(name)) continue;
        try {
          if (readlinkSync(`/proc/${name}/cwd`) !== this.cwd) continue;
          if (readdirSync(join(this.user.home, '.claude/sessions')).includes(`${name}.json`))
            return Number(name);
        } catch {
          // gone
        }
      }
      return null;
    });
  }
}

import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseMountinfo } from '../../src/sources/host/filesystems/mounts.js';

let made = 0;

/** A control group of version 2 of the test's own, and those below it. */
export class TestCgroup {
  readonly mount: string;
  /** As in /proc/PID/cgroup. */
  readonly path = `/vigil-test-${process.pid}-${++made}`;

  constructor() {
    const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'latin1'));
    this.mount = mounts.find(({ type, root }) => type === 'cgroup2' && root === '/')!.mount;
    mkdirSync(this.dir);
  }

  private get dir(): string {
    return `${this.mount}${this.path}`;
  }

  child(name: string): string {
    mkdirSync(`${this.dir}/${name}`);
    return `${this.path}/${name}`;
  }

  add(pid: number, path = this.path): void {
    writeFileSync(`${this.mount}${path}/cgroup.procs`, String(pid));
  }

  read(file: string): string {
    return readFileSync(`${this.dir}/${file}`, 'latin1');
  }

  /** Ends whoever is left in it. */
  async remove(): Promise<void> {
    writeFileSync(`${this.dir}/cgroup.kill`, '1');
    const children = readdirSync(this.dir, { withFileTypes: true }).filter(entry => entry.isDirectory());
    for (const dir of [...children.map(({ name }) => `${this.dir}/${name}`), this.dir]) {
      for (let tries = 0; ; tries++) {
        try {
          rmdirSync(dir);
          break;
        } catch (error) {
          if (tries > 500) throw error;
          await delay(20);
        }
      }
    }
  }
}

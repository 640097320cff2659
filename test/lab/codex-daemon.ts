import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Codex copies itself (364 MB) into each CODEX_HOME for its daemon; the lab keeps one copy and links it. */
const CACHE = '/var/tmp/vigil-lab/cache/codex-packages';
const RELEASES = 'app-server-daemon/releases';

export function reuseCodexPackages(codexHome: string): void {
  if (!existsSync(CACHE)) return;
  mkdirSync(join(codexHome, 'packages/app-server-daemon'), { recursive: true });
  execFileSync('cp', ['-al', join(CACHE, RELEASES), join(codexHome, 'packages/app-server-daemon/')]);
}

/** Ends the daemon and the updater that this CODEX_HOME's sessions left behind, by their own pid files. */
export function retireCodexDaemon(codexHome: string): void {
  for (const name of ['daemon-updater.pid', 'daemon.pid']) {
    const found = readPidFile(join(codexHome, 'app-server-daemon', name));
    if (found && startTicks(found.pid) === found.ticks) process.kill(found.pid, 'SIGKILL');
  }
  const packages = join(codexHome, 'packages');
  if (!existsSync(CACHE) && existsSync(join(packages, RELEASES))) {
    mkdirSync(join(CACHE, '..'), { recursive: true });
    renameSync(packages, CACHE);
  }
}

/** Pid of the daemon that serves this CODEX_HOME, if one does. */
export function codexDaemonPid(codexHome: string): number | undefined {
  return readPidFile(join(codexHome, 'app-server-daemon/daemon.pid'))?.pid;
}

function readPidFile(path: string): { pid: number; ticks: number } | undefined {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as {
      pid: number;
      processIdentity: { startTicks: number };
    };
    return { pid: file.pid, ticks: file.processIdentity.startTicks };
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat: with the pid it names one process for ever. */
export function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

import { describe, expect, test } from 'vitest';
import type { ProcessSample } from '../../../src/model/snapshot.js';
import { filesystem, GB, Machine, MB, memory, quietHost, refOf } from '../machine.js';

/** Healthy work that looks like trouble: an hour of it, and not a word. */

const APP = '/user.slice/user-1000.slice/user@1000.service/app.slice';

/** Processes that live for a few samples only, always `count` of them. */
function churn(
  machine: Machine,
  count: number,
  make: (n: number) => Partial<ProcessSample> & { comm: string },
) {
  const living: { process: ProcessSample; until_ms: number }[] = [];
  let n = 0;
  return () => {
    machine.remove(living.filter(({ until_ms }) => until_ms <= machine.now_ms).map(({ process }) => process));
    for (let i = living.length - 1; i >= 0; i--)
      if (living[i]!.until_ms <= machine.now_ms) living.splice(i, 1);
    while (living.length < count) {
      const lives_ms = 2_000 + ((n * 7919) % 40) * 1_000;
      living.push({ process: machine.add(make(n++)), until_ms: machine.now_ms + lives_ms });
    }
  };
}

function busy(machine: Machine, load1: number): void {
  const host = quietHost();
  machine.host = { ...host, cpu: { ...host.cpu!, load1, busy_percent: 100 } };
}

const BUILDS: [string, (machine: Machine) => () => void][] = [
  [
    '`make -j8` of C++ at a prompt',
    machine => {
      busy(machine, 11);
      const bash = machine.add({ comm: 'bash', cmdline: '-bash' });
      const make = machine.add({ comm: 'make', cmdline: 'make -j8', ppid: bash.pid, sid: bash.pid });
      return churn(machine, 8, n => ({
        comm: 'cc1plus',
        cmdline: `/usr/libexec/gcc/x86_64-linux-gnu/14/cc1plus -quiet src/file${n}.cc -o /tmp/cc${n}.s`,
        ppid: make.pid,
        sid: bash.pid,
        state: n % 5 === 0 ? 'D' : 'R',
        cpu_percent: 97,
        rss_bytes: 400 * MB,
        anon_bytes: 380 * MB,
        fds: 12,
      }));
    },
  ],
  [
    'a Rust build by an agent at work, one crate for minutes',
    machine => {
      busy(machine, 9);
      const session = machine.addSession();
      const own = { session: refOf(session), cgroup: `${APP}/app-foot-77.scope` };
      const cargo = machine.add({
        comm: 'cargo',
        cmdline: 'cargo build --release',
        ppid: session.pid,
        ...own,
      });
      const rustc = machine.add({
        comm: 'rustc',
        cmdline: 'rustc --crate-name huge',
        ppid: cargo.pid,
        cpu_percent: 390,
        state: 'R',
        ...own,
      });
      return () => {
        rustc.anon_bytes = (rustc.anon_bytes! + 30 * MB) % (6 * GB);
      };
    },
  ],
  [
    '`npm ci` without a terminal, as in a service or a container',
    machine => {
      busy(machine, 6);
      const npm = machine.add({
        comm: 'npm ci',
        cmdline: 'npm ci',
        cpu_percent: 130,
        anon_bytes: 300 * MB,
        fds: 40,
      });
      const scripts = churn(machine, 12, n => ({
        comm: 'node',
        cmdline:
          n % 3 === 0
            ? 'node install.js'
            : 'node /usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js rebuild',
        ppid: npm.pid,
        cpu_percent: 95,
        rss_bytes: 120 * MB,
      }));
      return () => {
        scripts();
        npm.fds = 40 + (((machine.now_ms / 1000) * 37) % 900);
      };
    },
  ],
  [
    'a test run with a pool of workers',
    machine => {
      busy(machine, 6);
      const session = machine.addSession();
      const own = { session: refOf(session) };
      const vitest = machine.add({
        comm: 'node',
        cmdline: 'node /p/node_modules/vitest/vitest.mjs',
        ppid: session.pid,
        ...own,
      });
      machine.many(12, {
        comm: 'node',
        cmdline: 'node /p/node_modules/vitest/dist/workers/forks.js',
        ppid: vitest.pid,
        cpu_percent: 96,
        rss_bytes: 300 * MB,
        ...own,
      });
      return () => {};
    },
  ],
];

const DAILY: [string, (machine: Machine) => () => void][] = [
  [
    'a browser with 60 tabs, some of them busy and growing',
    machine => {
      const cgroup = `${APP}/app-firefox-4711.scope`;
      const main = machine.add({
        comm: 'firefox',
        cmdline: '/usr/lib/firefox/firefox',
        cpu_percent: 95,
        cgroup,
      });
      const tabs = machine.many(60, {
        comm: 'Isolated Web Co',
        cmdline: '/usr/lib/firefox/firefox -contentproc -isForBrowser',
        ppid: main.pid,
        rss_bytes: 150 * MB,
        anon_bytes: 100 * MB,
        cgroup,
      });
      tabs[0]!.cpu_percent = 100;
      return () => {
        tabs[1]!.anon_bytes! += 10 * MB;
        main.fds = 500 + (main.fds! % 400) + 7;
      };
    },
  ],
  [
    '20 shells, editors and a multiplexer',
    machine => {
      const tmux = machine.add({ comm: 'tmux: server', cmdline: 'tmux' });
      machine.many(20, { comm: 'bash', cmdline: '-bash', ppid: tmux.pid });
      machine.many(8, { comm: 'nvim', cmdline: 'nvim --embed', rss_bytes: 200 * MB });
      return () => {};
    },
  ],
  [
    'five agents at terminals, each with its servers, at work and waiting in turns',
    machine => {
      const sessions = Array.from({ length: 5 }, (_, i) => {
        const session = machine.addSession({ cwd: `/home/ann/p${i}`, tty: `pts/${i}` });
        for (const server of ['context7-mcp', 'playwright-mcp']) {
          machine.add({
            comm: 'node',
            cmdline: `node /home/ann/.npm/_npx/1/node_modules/.bin/${server}`,
            ppid: session.pid,
            rss_bytes: 90 * MB,
            session: refOf(session),
          });
        }
        return session;
      });
      let round = 0;
      return () => {
        round++;
        sessions.forEach((session, i) => {
          const state = (round + i * 5) % 30 < 15 ? 'WORKING' : 'WAITING';
          if (state !== session.state) session.since_ms = machine.now_ms;
          session.state = state;
          const main = machine.processes.find(({ pid }) => pid === session.pid)!;
          main.cpu_percent = state === 'WORKING' ? 60 : 2;
        });
      };
    },
  ],
  [
    'files copied to a busy disk for an hour',
    machine => {
      const bash = machine.add({ comm: 'bash', cmdline: '-bash' });
      const cp = machine.add({ comm: 'cp', ppid: bash.pid, sid: bash.pid, state: 'D', write_bytes: 0 });
      let free = 300 * GB;
      return () => {
        cp.write_bytes! += GB / 10;
        free -= GB / 10;
        const host = quietHost();
        machine.host = {
          ...host,
          filesystems: [filesystem({ available_bytes: free })],
          disks: [{ ...host.disks[0]!, latency_ms: 120, busy_percent: 100, writes_per_s: 300 }],
        };
      };
    },
  ],
];

describe.each([...BUILDS, ...DAILY])('%s', (_name, prepare) => {
  test.each([10, 2])('says nothing at samples every %i s', step_s => {
    const machine = new Machine();
    machine.host = { ...quietHost(), memory: memory(60) };
    const each = prepare(machine);
    const changes = machine.pass(step_s === 2 ? 1200 : 3600, step_s, each);
    expect(changes.map(({ alert }) => `${alert.title}: ${alert.text}`)).toEqual([]);
  });
});

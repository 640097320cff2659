import { describe, expect, test } from 'vitest';
import { brief, GB, Machine, MB, refOf } from '../machine.js';

const MCP = 'node /home/ann/.npm/_npx/1/node_modules/@upstash/context7-mcp/dist/index.js';

/** A session with so many MCP servers and a shell of its tool, all of them idle. */
function withServers(machine: Machine, count: number, rss_bytes = 50 * MB) {
  const session = machine.addSession();
  const servers = machine.many(count, {
    comm: 'node',
    cmdline: MCP,
    ppid: session.pid,
    rss_bytes,
    session: refOf(session),
  });
  return { session, servers };
}

describe('orphan', () => {
  test('what a dead session left is said once, with the session, the count and the sum', () => {
    const machine = new Machine();
    const { session, servers } = withServers(machine, 4);
    machine.pass(600);
    machine.endSession(session);
    expect(machine.pass(60)).toEqual([]);
    const changes = machine.pass(600);
    expect(brief(changes)).toEqual(['opened orphan warning']);
    expect(changes[0]!.alert).toMatchObject({
      title: '4 orphans of the Claude Code session in ~/shop',
      subject: {
        kind: 'processes',
        uid: 1000,
        lineage: `Claude Code (ended, pid ${session.pid}) → node dist/index.js`,
      },
    });
    expect(changes[0]!.alert.text).toMatch(
      /^Together they hold 200 MB .*: 4 × node dist\/index\.js\. Their agent/,
    );
    machine.remove(servers);
    expect(brief(machine.pass(120))).toEqual(['resolved orphan warning']);
  });

  test.each<[string, object]>([
    ['small and idle', { rss_bytes: 20 * MB }],
    ['a service that systemd manages', { cgroup: '/system.slice/context7.service' }],
    [
      'a service of the user',
      {
        cgroup: '/user.slice/user-1000.slice/user@1000.service/app.slice/mcp-context7.service',
      },
    ],
    ['a terminal multiplexer', { comm: 'tmux: server', cmdline: 'tmux' }],
  ])('%s: nothing is said', (_name, changes) => {
    const machine = new Machine();
    const { session, servers } = withServers(machine, 1, 500 * MB);
    machine.pass(60);
    Object.assign(servers[0]!, changes);
    machine.endSession(session);
    expect(machine.pass(1200)).toEqual([]);
  });

  test('the unit of the agent itself manages nothing', () => {
    const machine = new Machine();
    const { session, servers } = withServers(machine, 3);
    const cgroup = '/system.slice/remote-agents.service';
    for (const process of machine.processes) if (process.session !== null) process.cgroup = cgroup;
    machine.pass(60);
    machine.endSession(session);
    expect(servers[0]!.session?.alive).toBe(false);
    expect(brief(machine.pass(300))).toEqual(['opened orphan warning']);
  });

  test('children of a living session and daemons below systemd --user are none', () => {
    const machine = new Machine();
    withServers(machine, 3, 200 * MB);
    const manager = machine.add({ comm: 'systemd', cmdline: '/usr/lib/systemd/systemd --user' });
    const services = '/user.slice/user-1000.slice/user@1000.service/app.slice';
    for (const name of ['pipewire', 'gvfsd', 'mcp-proxy']) {
      machine.add({
        comm: name,
        ppid: manager.pid,
        rss_bytes: 300 * MB,
        cgroup: `${services}/${name}.service`,
      });
    }
    expect(machine.pass(1200)).toEqual([]);
  });

  test('MCP servers below init, of an agent that nobody saw, are named', () => {
    const machine = new Machine();
    machine.many(3, { comm: 'node', cmdline: MCP, rss_bytes: 100 * MB });
    const changes = machine.pass(120);
    expect(brief(changes)).toEqual(['opened orphan warning']);
    expect(changes[0]!.alert.title).toBe('3 orphans of agents that ended');
  });

  test('one that holds a tenth of the memory is high', () => {
    const machine = new Machine();
    const { session } = withServers(machine, 1, 2 * GB);
    machine.pass(60);
    machine.endSession(session);
    expect(brief(machine.pass(300))).toEqual(['opened orphan high']);
  });
});

describe('duplicates', () => {
  test('more than five of the same script are said once', () => {
    const machine = new Machine();
    const servers = machine.many(6, { comm: 'python3', cmdline: 'python3 mcp_server.py', ppid: 77 });
    expect(machine.pass(50)).toEqual([]);
    const changes = machine.pass(600).filter(({ alert }) => alert.rule === 'duplicates');
    expect(brief(changes)).toEqual(['opened duplicates warning']);
    expect(changes[0]!.alert.title).toBe('Many times the same: python3 mcp_server.py');
    expect(changes[0]!.alert.text).toMatch(/^6 processes \(threshold 5\), 60 MB together/);
    machine.remove(servers.slice(0, 2));
    expect(brief(machine.pass(120))).toContain('resolved duplicates warning');
  });

  test('eight sessions with one server each are no duplicates, one session with eight is', () => {
    const machine = new Machine();
    for (let i = 0; i < 8; i++) withServers(machine, 1);
    expect(machine.pass(900)).toEqual([]);
    const other = new Machine();
    withServers(other, 8);
    expect(brief(other.pass(900))).toEqual(['opened duplicates warning']);
  });

  test.each<[string, (machine: Machine) => unknown]>([
    ['20 shells', machine => machine.many(20, { comm: 'bash', cmdline: '-bash' })],
    ['20 shells that run a script', machine => machine.many(20, { comm: 'bash', cmdline: 'bash ./work.sh' })],
    ['30 native programs', machine => machine.many(30, { comm: 'postgres', cmdline: 'postgres: idle' })],
    ['one-liners', machine => machine.many(20, { comm: 'python3', cmdline: 'python3 -c import time' })],
    ['five of the same', machine => machine.many(5, { comm: 'python3', cmdline: 'python3 server.py' })],
    [
      'a pool of workers',
      machine => {
        const main = machine.add({ comm: 'python3', cmdline: 'python3 /usr/bin/gunicorn app:app' });
        machine.many(16, { comm: 'python3', cmdline: 'python3 /usr/bin/gunicorn app:app', ppid: main.pid });
      },
    ],
    [
      'workers of a service',
      machine =>
        machine.many(16, {
          comm: 'ruby',
          cmdline: 'ruby /srv/app/worker.rb',
          cgroup: '/system.slice/workers.service',
        }),
    ],
    [
      'workers of a test run',
      machine =>
        machine.many(16, {
          comm: 'node',
          cmdline: 'node /home/ann/shop/node_modules/jest-worker/build/workers/processChild.js',
        }),
    ],
    [
      'the same name in other projects',
      machine => {
        for (let i = 0; i < 8; i++) {
          const session = machine.addSession({ cwd: `/home/ann/p${i}` });
          const ref = refOf(session);
          machine.add({ comm: 'node', cmdline: 'node server.js', ppid: session.pid, session: ref });
        }
      },
    ],
  ])('%s: nothing is said', (_name, make) => {
    const machine = new Machine();
    make(machine);
    expect(machine.pass(900)).toEqual([]);
  });
});

describe('ghost_process_storm', () => {
  test('14 orphans with 2.1 GB are one alert, not three', () => {
    const machine = new Machine();
    const { session, servers } = withServers(machine, 14, 155 * MB);
    machine.pass(20);
    machine.endSession(session);
    const changes = machine.pass(900);
    expect(brief(changes)).toEqual(['opened ghost_process_storm high']);
    expect(changes[0]!.alert.title).toBe('14 orphans of the Claude Code session in ~/shop');
    expect(changes[0]!.alert.text).toMatch(
      /^Together they hold 2\.1 GB, 13 % of the memory \(threshold 10 %\)/,
    );
    machine.remove(servers);
    expect(brief(machine.pass(300))).toEqual(['resolved ghost_process_storm high']);
  });

  test('213 servers of 13.6 GB with a living parent are critical', () => {
    const machine = new Machine();
    withServers(machine, 213, 65 * MB);
    const changes = machine.pass(900);
    expect(brief(changes)).toEqual(['opened ghost_process_storm critical']);
    expect(changes[0]!.alert.subject.processes).toHaveLength(200);
    expect(changes[0]!.alert.title).toBe('213 × node dist/index.js');
  });

  test('duplicates that grow into a storm: the milder words end when it opens, and none follow', () => {
    const machine = new Machine();
    const servers = machine.many(8, { comm: 'python3', cmdline: 'python3 ghost.py', ppid: 77 });
    const hold = (rss_bytes: number) => {
      for (const server of servers) server.rss_bytes = rss_bytes;
    };
    expect(brief(machine.pass(120))).toEqual(['opened duplicates warning']);
    hold(GB / 4);
    expect(machine.pass(30)).toEqual([]);
    expect(brief(machine.pass(10))).toEqual([
      'opened ghost_process_storm high',
      'resolved duplicates warning',
    ]);
    // Around the threshold, and for a moment far below it, as when they end one by one.
    hold(GB / 5.5);
    expect(brief(machine.pass(300))).toEqual(['updated ghost_process_storm warning']);
    hold(0);
    expect(machine.pass(20)).toEqual([]);
    hold(GB / 4);
    expect(brief(machine.pass(300))).toEqual(['updated ghost_process_storm high']);
    hold(0);
    expect(brief(machine.pass(60))).toEqual([
      'resolved ghost_process_storm high',
      'opened duplicates warning',
    ]);
  });

  test('orphans that grow into a storm: likewise', () => {
    const machine = new Machine();
    const { session, servers } = withServers(machine, 8, 100 * MB);
    machine.pass(20);
    machine.endSession(session);
    expect(brief(machine.pass(120))).toEqual(['opened duplicates warning', 'opened orphan warning']);
    for (const server of servers) server.rss_bytes = GB / 4;
    expect(brief(machine.pass(300))).toEqual([
      'opened ghost_process_storm high',
      'resolved orphan warning',
      'resolved duplicates warning',
    ]);
  });

  test('where nobody looks for storms, the milder words are said', () => {
    const machine = new Machine({ detection: { ghost_process_storm: { enabled: false } } });
    machine.many(8, { comm: 'python3', cmdline: 'python3 ghost.py', ppid: 77, rss_bytes: GB / 4 });
    expect(brief(machine.pass(300))).toEqual(['opened duplicates warning']);
  });

  test('many agents without a terminal', () => {
    const machine = new Machine();
    for (let i = 0; i < 12; i++) {
      machine.addSession({ tty: null });
      machine.processes.at(-1)!.rss_bytes = 370 * MB;
    }
    const changes = machine.pass(300);
    expect(brief(changes)).toEqual(['opened ghost_process_storm high']);
    expect(changes[0]!.alert.title).toBe('12 × Claude Code without a terminal');
  });

  test('the same sessions at terminals are somebody’s', () => {
    const machine = new Machine();
    for (let i = 0; i < 12; i++) machine.addSession();
    expect(machine.pass(900)).toEqual([]);
  });
});

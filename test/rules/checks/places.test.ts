import { describe, expect, test } from 'vitest';
import { brief, Machine, MB, refOf } from '../machine.js';

/** Whose unit, whose parent, whose work: told by what is there, not by words. */

const MCP = 'node /home/ann/.npm/_npx/1/node_modules/@upstash/context7-mcp/dist/index.js';
const USER = '/user.slice/user-1000.slice/user@1000.service';
const APP = `${USER}/app.slice`;

/** What an agent left that nobody saw: below the user's systemd, in that control group. */
function leftIn(machine: Machine, cgroup: string, changes: object = {}) {
  const manager = machine.add({
    comm: 'systemd',
    cmdline: '/usr/lib/systemd/systemd --user',
    cgroup: `${USER}/init.scope`,
  });
  return machine.many(3, {
    comm: 'node',
    cmdline: MCP,
    ppid: manager.pid,
    rss_bytes: 100 * MB,
    cgroup,
    ...changes,
  });
}

describe('a unit', () => {
  test.each([
    ['code-index-mcp.service', `${APP}/code-index-mcp.service`],
    ['cursor-rules-mcp.service', '/system.slice/cursor-rules-mcp.service'],
    ['a service with a terminal’s name in its own', `${APP}/xterm-logs-mcp.service`],
    ['what systemd-run started', `${APP}/run-u42.service`],
    ['a container', '/system.slice/docker-0123456789abcdef.scope'],
    [
      'an application of that name',
      `${APP}/app-gnome-context7\\x2dmcp-4711.scope`,
      { comm: 'context7-mcp', cmdline: 'context7-mcp' },
    ],
  ] as [string, string, object?][])('%s is its own: nothing is said', (_name, cgroup, changes = {}) => {
    const machine = new Machine();
    leftIn(machine, cgroup, changes);
    expect(machine.pass(900)).toEqual([]);
  });

  test.each([
    ['Alacritty', `${APP}/app-gnome-Alacritty-4711.scope`],
    ['Alacritty, by KDE', `${APP}/app-Alacritty@0a1b2c3d.service`],
    ['Warp', `${APP}/app-gnome-dev.warp.Warp-815.scope`],
    ['ghostty', `${APP}/app-com.mitchellh.ghostty-1.scope`],
    ['a terminal that nobody knows', `${APP}/app-gnome-org.example.Prompter-9.scope`],
    ['a tab of GNOME Terminal', `${APP}/vte-spawn-0f0e.scope`],
    ['GNOME Terminal', `${APP}/gnome-terminal-server.service`],
    ['an editor', `${APP}/app-gnome-code-77.scope`],
    ['a login', '/user.slice/user-1000.slice/session-4.scope'],
  ])('the place %s is nobody’s own: what is left there is told', (_name, cgroup) => {
    const machine = new Machine();
    leftIn(machine, cgroup);
    expect(brief(machine.pass(120))).toEqual(['opened orphan warning']);
  });

  test('a scope that was made for what a dead session started is its own; its terminal is not', () => {
    const machine = new Machine();
    const session = machine.addSession();
    const place = `${APP}/app-gnome-Alacritty-4711.scope`;
    const own = { ppid: session.pid, rss_bytes: 300 * MB, session: refOf(session) };
    for (const process of machine.processes) if (process.session !== null) process.cgroup = place;
    machine.add({ comm: 'python3', cmdline: 'python3 train.py', cgroup: `${APP}/run-p1-i2.scope`, ...own });
    const left = machine.add({ comm: 'python3', cmdline: 'python3 leak.py', cgroup: place, ...own });
    machine.pass(30);
    machine.endSession(session);
    const changes = machine.pass(300);
    expect(brief(changes)).toEqual(['opened orphan warning']);
    expect(changes[0]!.alert.subject.processes.map(({ pid }) => pid)).toEqual([left.pid]);
  });
});

describe('a parent that took it in', () => {
  test.each([
    ['a container’s init', { comm: 'tini' }],
    ['an editor’s host, whose session it does not share', { comm: 'ide-host', cmdline: 'ide-host' }],
  ])('%s', (_name, host) => {
    const machine = new Machine();
    const reaper = machine.add(host);
    machine.many(3, { comm: 'node', cmdline: MCP, ppid: reaper.pid, sid: 99, rss_bytes: 100 * MB });
    expect(brief(machine.pass(120))).toEqual(['opened orphan warning']);
  });

  test('whoever it is, where it was seen to', () => {
    const machine = new Machine();
    const host = machine.add({ comm: 'ide-host' });
    const agent = machine.add({ comm: 'agent-x', ppid: host.pid });
    const servers = machine.many(3, { comm: 'node', cmdline: MCP, ppid: agent.pid, rss_bytes: 100 * MB });
    expect(machine.pass(300)).toEqual([]);
    machine.remove([agent]);
    for (const server of servers) server.ppid = host.pid;
    expect(brief(machine.pass(120))).toEqual(['opened orphan warning']);
  });

  test('servers that an editor itself started are nobody’s leftovers', () => {
    const machine = new Machine();
    const editor = machine.add({ comm: 'code' });
    machine.many(3, { comm: 'node', cmdline: MCP, ppid: editor.pid, sid: editor.sid, rss_bytes: 100 * MB });
    machine.many(2, { comm: 'npx', cmdline: 'npx -y x-mcp', ppid: editor.pid, rss_bytes: 100 * MB });
    expect(machine.pass(900)).toEqual([]);
  });
});

describe('servers of agents', () => {
  const server = { comm: 'codex', cmdline: 'codex app-server', rss_bytes: 100 * MB };

  test('20 that nobody uses any more are told', () => {
    const machine = new Machine();
    machine.many(20, server);
    const changes = machine.pass(120);
    expect(brief(changes)).toEqual(['opened ghost_process_storm high']);
    expect(changes[0]!.alert.title).toBe('20 orphans of agents that ended');
  });

  test('one that stays for the next session is not, nor one for each session that lives', () => {
    const machine = new Machine();
    machine.add({ ...server, rss_bytes: 400 * MB });
    expect(machine.pass(600)).toEqual([]);
    for (let i = 0; i < 3; i++) machine.addSession({ agent: 'codex', label: 'Codex', cwd: `/p${i}` });
    machine.many(2, server);
    expect(machine.pass(600)).toEqual([]);
    machine.many(4, server);
    const changes = machine.pass(120);
    expect(brief(changes)).toEqual(['opened orphan warning']);
    expect(changes[0]!.alert.title).toBe('4 orphans of agents that ended');
  });
});

describe('who burns a core for nobody', () => {
  test('a browser of an idle agent; not while the agent works, and not a person’s', () => {
    const machine = new Machine();
    const session = machine.addSession();
    const gpu = { comm: 'chrome', cmdline: '/opt/google/chrome/chrome --type=gpu-process', cpu_percent: 100 };
    machine.add(gpu);
    machine.add({ ...gpu, ppid: session.pid, session: refOf(session) });
    expect(machine.pass(900)).toEqual([]);
    Object.assign(session, { state: 'WAITING', since_ms: machine.now_ms });
    const changes = machine.pass(120);
    expect(brief(changes)).toEqual(['opened cpu_high warning']);
    expect(changes[0]!.alert.subject.session?.pid).toBe(session.pid);
  });

  test('a spinner under an agent that works without a person', () => {
    const machine = new Machine();
    const session = machine.addSession({ tty: null, interactive: false });
    machine.add({
      comm: 'python3',
      cmdline: 'python3 spin.py',
      cpu_percent: 100,
      ppid: session.pid,
      session: refOf(session),
    });
    machine.add({
      comm: 'cargo',
      cmdline: 'cargo build',
      cpu_percent: 100,
      ppid: session.pid,
      session: refOf(session),
    });
    const changes = machine.pass(120);
    expect(brief(changes)).toEqual(['opened cpu_high warning']);
    expect(changes[0]!.alert.title).toBe('python3 spin.py burns a core');
  });

  test.each([
    'node /home/u/.local/share/pnpm/global/5/node_modules/x-mcp/index.js',
    'node /srv/vite-app/server.js',
    'python3 /home/u/jest/train.py',
  ])('%s', cmdline => {
    const machine = new Machine();
    machine.add({ comm: cmdline.split(' ')[0]!, cmdline, cpu_percent: 100, ppid: 77 });
    expect(brief(machine.pass(120))).toEqual(['opened cpu_high warning']);
  });
});

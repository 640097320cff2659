import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { AgentStateEvent } from '../../src/api/client/index.js';
import { FakeAgent } from '../../test/outputs/desktop/agent.js';
import { Daemon } from '../../test/outputs/desktop/daemon.js';
import { Desktop, HAS_DESKTOP, sleep, until } from '../../test/outputs/desktop/desktop.js';
import { CAN_BE_USERS, Installed, User } from '../../test/outputs/desktop/user.js';

/**
 * How fast a person learns that they are needed, on a real headless desktop with SwayNC, and what it costs.
 * Usage, as root: node build/session/bench/session/main.js [requests] [flips]
 */

if (!CAN_BE_USERS || !HAS_DESKTOP) {
  process.stderr.write(
    'bench/session is left out: it needs root, and sway, SwayNC, waybar, foot, grim, dbus, tmux\n',
  );
  process.exit(0);
}

const [requests = 40, flips = 1000] = process.argv.slice(2).map(Number);
const nowMs = () => performance.timeOrigin + performance.now();

function quantiles(values: number[]): { p50: number; p95: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]! * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

function helperOf(user: User, script: string): number {
  for (const name of readdirSync('/proc')) {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      if (!status.includes(`\nUid:\t${user.uid}\t`)) continue;
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(script)) return Number(name);
    } catch {
      // no process, or gone
    }
  }
  throw new Error('no helper');
}

function memory(pid: number): { rss_mb: number; pss_mb: number; anonymous_mb: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)![1]) / 102.4) / 10;
  return { rss_mb: mb('Rss'), pss_mb: mb('Pss'), anonymous_mb: mb('Anonymous') };
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const installed = new Installed();
const user = new User();
const desktop = new Desktop(user, installed);
const daemon = new Daemon(installed);
user.servedBy(daemon.runtimeDir);
try {
  await desktop.startBus();
  await desktop.startSway();
  await desktop.startNotifications();
  await desktop.spy();
  await daemon.start('[notifications]\nmin_work_seconds = 0\n');
  const agent = new FakeAgent(user, installed, 'bench');
  const { window } = await desktop.terminal(agent.command, agent.cwd);
  const pid = await agent.pid();
  await desktop.terminal(['sleep', '1000']);
  agent.tell('busy');
  await until('the badge', () => existsSync(`${user.runtime}/i3pm-badges/${window}.json`), 15_000);
  await until('the bus', () => daemon.log().includes('connected to the session bus'), 15_000);
  await sleep(1_000);

  const fromTruth: number[] = [];
  const fromState: number[] = [];
  for (let i = 0; i < requests; i++) {
    const before = desktop.notified().length;
    const told_ms = nowMs();
    agent.tell(`ask Bash npm test ${i}`);
    const popup = await until('the popup', () => desktop.notified()[before]);
    const state = JSON.parse(
      daemon
        .vigil('events', '--json', '-n', '200')
        .stdout.trim()
        .split('\n')
        .filter(line => line.includes(`"pid":${pid},`))
        .at(-1)!,
    ) as AgentStateEvent;
    fromTruth.push(popup.time_ms - told_ms);
    fromState.push(popup.time_ms - Date.parse(state.time));
    agent.tell('busy');
    await until('the popup to go', () => desktop.closed().includes(popup.id));
    await sleep(100);
  }

  const helper = helperOf(user, installed.helper);
  const idleFrom = cpuSeconds(helper);
  await sleep(10_000);
  const idle_cpu_percent = Math.round((cpuSeconds(helper) - idleFrom) * 100) / 10;

  const started = desktop.seen.length;
  const flipFrom = cpuSeconds(helper);
  const flipStart_ms = nowMs();
  for (let i = 0; i < flips; i++) {
    agent.tell(i % 2 === 0 ? `ask Bash flip ${i}` : 'busy');
    const due_ms = flipStart_ms + ((i + 1) * 60_000) / flips;
    await sleep(Math.max(1, due_ms - nowMs()));
  }
  agent.tell('ask Bash the last one');
  await until('the last state', () => desktop.notified().at(-1)?.body.includes('the last one'), 10_000);
  const live = new Set<number>();
  let most = 0;
  for (const one of desktop.seen.slice(started)) {
    const call =
      one.type === 'reply'
        ? desktop.seen.find(other => other.type === 'call' && other.serial === one.reply_to)
        : undefined;
    if (call?.member === 'Notify') live.add(one.body[0] as number);
    if (one.member === 'NotificationClosed') live.delete(one.body[0] as number);
    most = Math.max(most, live.size);
  }
  const roots = execFileSync('find', [user.runtime, user.home, '-uid', '0'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  const report = {
    requests,
    popup_after_truth_ms: quantiles(fromTruth),
    popup_after_state_ms: quantiles(fromState),
    flips,
    most_live_notifications_of_the_agent: most,
    notified_while_flipping: desktop.notified().filter(({ time_ms }) => time_ms > flipStart_ms).length,
    last_state_shown: true,
    helper_memory: memory(helper),
    helper_idle_cpu_percent: idle_cpu_percent,
    helper_flipping_cpu_percent: Math.round(((cpuSeconds(helper) - flipFrom) * 1000) / 60) / 10,
    files_owned_by_root: roots,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await daemon.stop();
  await user.stop();
  daemon.remove();
  installed.remove();
}

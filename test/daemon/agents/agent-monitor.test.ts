import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trackerOptions } from '../../../src/agents/config.js';
import { Tracker } from '../../../src/agents/tracker/tracker.js';
import { AgentPlaces } from '../../../src/agents/transcripts/agent-place.js';
import { createRecogniser } from '../../../src/agents/types/index.js';
import { Bus } from '../../../src/bus.js';
import { defaultConfig } from '../../../src/config/schema.js';
import { AgentMonitor, type AgentMonitorOptions } from '../../../src/daemon/agents/agent-monitor.js';
import { AgentScan } from '../../../src/daemon/agents/agent-scan.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { Users } from '../../../src/lib/os/users.js';
import { type Clock, now } from '../../../src/lib/time/time.js';
import type { Transition } from '../../../src/model/agent.js';
import { readFacts } from '../../../src/sources/procfs/read.js';
import { facts } from '../../agents/facts.js';
import { Clocks } from '../../clocks.js';
import { until } from '../until.js';

let monitor: AgentMonitor;
let scan: AgentScan;
let bus: Bus;
let child: ChildProcess | null = null;
afterEach(() => {
  monitor.stop();
  child?.kill('SIGKILL');
  child = null;
});

/** What is said of agents goes to `told`. */
function make(told: (transition: Transition) => void, over: Partial<AgentMonitorOptions> = {}): void {
  const faults = new FaultLog(silentLogger());
  const recognise = over.recognise ?? createRecogniser([]);
  bus = new Bus(faults);
  bus.on('test', 'agent.transition', ({ transition }) => told(transition));
  monitor = new AgentMonitor({
    procRoot: '/proc',
    tracker: new Tracker(trackerOptions(defaultConfig()), recognise),
    recognise,
    users: new Users(),
    onlyUid: null,
    logger: silentLogger(),
    bus,
    faults,
    sensor: { watch: () => {} },
    readElsewhere: () => null,
    places: new AgentPlaces('/proc'),
    ...over,
  });
  scan = new AgentScan({ procRoot: '/proc', monitor, logger: silentLogger() });
}

/** An agent that has just ended, unnoticed, beside a sensor that tells of exits or does not; what is said of it. */
async function goneAgent(lifecycle: boolean): Promise<string[]> {
  const said: string[] = [];
  make(({ to, evidence }) => void said.push(`${to}: ${evidence.text}`));
  child = spawn('sleep', ['60'], { argv0: 'claude', stdio: 'ignore' });
  await once(child, 'spawn');
  const process = { ...readFacts('/proc', child.pid!)!, exe: '/usr/bin/claude', argv: ['claude'] };
  monitor.feed({ type: 'sensor', time_ms: now(), terminal: lifecycle, keys: lifecycle, lifecycle });
  monitor.feed({ type: 'process', time_ms: now(), process, how: 'exec' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  scan.checkAlive(monitor.living()[0]!);
  return said;
}

describe('an agent that is gone', () => {
  it('has ended as the kernel says, even when that comes after the look at /proc', async () => {
    const said = await goneAgent(true);
    expect(said.filter(text => text.startsWith('EXITED'))).toEqual([]);
    monitor.feed({ type: 'exit', time_ms: now(), pid: child!.pid!, code: null, signal: 9, sender: null });
    await new Promise(done => setTimeout(done, 1_200));
    expect(said.filter(text => text.startsWith('EXITED'))).toEqual(['EXITED: ended by signal 9']);
  });

  it('has ended all the same when the kernel says nothing', async () => {
    const said = await goneAgent(true);
    await until('its end', () => said.includes('EXITED: it is no longer there'));
  });

  it('has ended at once where the kernel is not asked', async () => {
    expect(await goneAgent(false)).toContain('EXITED: it is no longer there');
  });
});

describe('an agent that both the kernel and a scan tell of', () => {
  const known = createRecogniser([]);
  let said: string[];
  const exec = (pid: number, time_ms: number, ...argv: [string, ...string[]]) =>
    bus.emit('kernel.event', {
      type: 'exec',
      time_ms,
      pid,
      ppid: 1,
      uid: 0,
      truncated: false,
      path: `/usr/bin/${argv[0]}`,
      argv,
    });
  const agents = () => monitor.sessions().map(({ type, ending }) => `${type.name}${ending ? ' EXITED' : ''}`);

  beforeEach(async () => {
    said = [];
    make(({ to, evidence }) => void said.push(`${to}: ${evidence.text}`), {
      recognise: process => {
        const [name] = process.argv;
        if (process.pid !== child?.pid || name !== 'claude') return null;
        return known({ ...process, exe: '/usr/bin/claude', argv: [name] });
      },
    });
    monitor.feed({ type: 'sensor', time_ms: now(), terminal: true, keys: true, lifecycle: true });
    child = spawn('sleep', ['60'], { argv0: 'claude', stdio: 'ignore' });
    await once(child, 'spawn');
  });

  it('is the one that it became, whatever is told late of what it was before', async () => {
    const before_ms = now() - 100;
    await scan.rescan(true);
    exec(child!.pid!, before_ms, 'env', 'claude');
    expect(said.filter(text => text.startsWith('EXITED'))).toEqual([]);
    expect(agents()).toEqual(['claude-code']);
    exec(child!.pid!, now() + 1, 'vi');
    expect(agents()).toEqual(['claude-code EXITED']);
  });

  it('is not ended, and listed twice, by a scan that read it before it started its program', () => {
    const before = { ...readFacts('/proc', child!.pid!)!, argv: ['bash'] };
    exec(child!.pid!, now(), 'claude');
    monitor.look(before);
    monitor.look({ ...before, argv: ['claude'] });
    expect(agents()).toEqual(['claude-code']);
  });
});

describe('a machine that sleeps', () => {
  const NIGHT_MS = 8 * 3_600_000;
  let clocks: Clocks;
  let clock: Clock;
  let said: string[];

  beforeEach(() => {
    clocks = new Clocks();
    said = [];
    clock = clocks.clock();
    make(({ pid, to, reason }) => void said.push(`${pid}: ${to} ${reason}`), {
      procRoot: '/nonexistent',
      clock,
    });
    const time_ms = clock.now();
    monitor.feed({ type: 'sensor', time_ms, terminal: true, keys: true, lifecycle: true });
    for (const [pid, argv] of [
      [100, ['claude']],
      [200, ['claude', '-p', 'hi']],
    ] as const) {
      const process = facts({ pid, exe: '/usr/bin/claude', argv: [...argv], tty: `pts/${pid}` });
      monitor.feed({ type: 'process', time_ms, process: { ...process, started_ms: time_ms }, how: 'exec' });
    }
    clocks.passes(20_000);
    monitor.feed({ type: 'key', time_ms: clock.now(), tty: 'pts/100', bytes: 1, enter: true, escape: false });
    spins(2_000);
    said.length = 0;
  });

  function spins(for_ms: number): void {
    for (let passed_ms = 0; passed_ms < for_ms; passed_ms += 250) {
      clocks.passes(250);
      const time_ms = clock.now();
      monitor.feed({ type: 'output', time_ms, pid: 100, tty: 'pts/100', writes: 1, bytes: 80 });
    }
  }

  it('keeps what worked at work', () => {
    clocks.sleeps(NIGHT_MS);
    spins(5_000);
    expect(said).toEqual([]);
  });

  it('waits from its awakening on for those that fell silent', () => {
    clocks.sleeps(NIGHT_MS).passes(1);
    monitor.noticeSleep();
    expect(said).toEqual([]);
    clocks.passes(2_000);
    monitor.feed({ type: 'clock', time_ms: clock.now() });
    expect(said).toEqual(['100: WAITING done']);
    expect(clock.now() - monitor.tracker.find(100)!.since_ms).toBeLessThan(2_000);
  });

  it('takes who starts afterwards for one agent, though it is two processes', () => {
    clocks.sleeps(NIGHT_MS);
    const node = (pid: number, ppid: number) => {
      const started_ms = clocks.sources.wall_ms();
      const process = facts({
        pid,
        ppid,
        exe: '/usr/bin/node',
        argv: ['node', '/usr/bin/gemini'],
        started_ms,
      });
      monitor.feed({ type: 'process', time_ms: clock.now(), process, how: 'exec' });
      return process;
    };
    const outer = node(300, 50);
    clocks.passes(800);
    node(301, 300);
    clocks.passes(30_000);
    monitor.feed({ type: 'process', time_ms: clock.now(), process: outer, how: 'scan' });
    expect(monitor.living().map(session => session.pid)).toEqual([100, 200, 301]);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ignoresHangup, whyToStay } from '../../../src/sources/procfs/to-stay.js';
import { until } from '../../daemon/until.js';

/** Real processes, started as people start what is to go on, and as agents start what is not. */
const dir = mkdtempSync(join(tmpdir(), 'vigil-stay-'));
const shells: ChildProcess[] = [];
const begun: number[] = [];
const before_ms = Date.now() - 60_000;

afterAll(() => {
  for (const pid of begun) process.kill(pid, 'SIGKILL');
  for (const shell of shells) shell.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function factsOf(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    sid: Number(fields[3]),
    cmdline: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    cgroup: readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n')[0]!.split(':').slice(2).join(':'),
  };
}

/** Runs the line in a shell, and finds what it started by a duration that nobody else sleeps for. */
async function started(line: string, stdio: 'pipe' | number = 'pipe') {
  const sleep = `sleep 900.${process.pid}0${begun.length}`;
  const shell = spawn('bash', ['-c', `${line.replace('SLEEP', sleep)}\nread`], {
    cwd: dir,
    detached: true,
    stdio: ['pipe', stdio, stdio],
  });
  shells.push(shell);
  let pid = 0;
  await until('it', () => {
    pid = pidOf(sleep) ?? 0;
    return pid > 0;
  });
  begun.push(pid);
  const agent = { agent_started_ms: before_ms, agent_cwd: null, agent_ignores_hangup: false };
  return { pid, started_ms: Date.now(), ...agent, ...factsOf(pid) };
}

/** Pids start again from the lowest: it may have a lower one than this. */
function pidOf(cmdline: string): number | null {
  const isIt = (pid: number) => {
    try {
      return factsOf(pid).cmdline === cmdline;
    } catch {
      return false; // gone
    }
  };
  return (
    readdirSync('/proc')
      .map(Number)
      .find(pid => pid > 0 && isIt(pid)) ?? null
  );
}

test.each([
  ['setsid nohup SLEEP > train.log 2>&1 &', /ignores/],
  ['nohup SLEEP > /dev/null 2>&1 &', /ignores/],
  ['nohup SLEEP > out.log 2>&1 &', /ignores/],
  ['setsid SLEEP > own.log 2>&1 &', /session and a log/],
  ['SLEEP > disowned.log 2>&1 & disown', /log that was made for it/],
  ['cd /; (setsid bash -c "SLEEP </dev/null >/dev/null 2>&1 &")', /daemon/],
])('`%s` was started to stay', async (line, why) => {
  expect(whyToStay('/proc', await started(line))).toMatch(why);
});

test('what agents start was not: at the end of a pipe, in a session of its own, into the agent’s own file', async () => {
  expect(whyToStay('/proc', await started('SLEEP &'))).toBeNull();
  expect(whyToStay('/proc', await started('setsid SLEEP &'))).toBeNull();
  expect(whyToStay('/proc', await started('SLEEP >/dev/null 2>&1 &'))).toBeNull();
  const own = openSync(join(dir, 'agent.log'), 'w');
  const inherited = await started('setsid SLEEP &', own);
  expect(whyToStay('/proc', { ...inherited, agent_started_ms: Date.now() + 1_000 })).toBeNull();
});

test('what an agent in / leaves behind did not go there', async () => {
  const left = await started('cd /; (setsid bash -c "SLEEP </dev/null >/dev/null 2>&1 &")');
  expect(whyToStay('/proc', { ...left, agent_cwd: '/' })).toBeNull();
});

test('what an agent leaves behind that was itself started with nohup inherits that; what is its own counts', async () => {
  const inherited = await started("trap '' HUP; setsid SLEEP &");
  expect(whyToStay('/proc', inherited)).toMatch(/ignores/);
  expect(whyToStay('/proc', { ...inherited, agent_ignores_hangup: true })).toBeNull();
  const meant = await started("trap '' HUP; nohup SLEEP > meant.log 2>&1 &");
  expect(whyToStay('/proc', { ...meant, agent_ignores_hangup: true })).toMatch(/log that was made for it/);
});

test('a unit of systemd-run is of its own', () => {
  const facts = {
    pid: 999_999_999,
    sid: 1,
    started_ms: 0,
    agent_started_ms: 0,
    agent_cwd: null,
    agent_ignores_hangup: false,
    cmdline: 'python3 train.py',
  };
  expect(whyToStay('/proc', { ...facts, cgroup: '/user.slice/app.slice/run-u17.scope' })).toMatch(
    /systemd-run/,
  );
  expect(whyToStay('/proc', { ...facts, cgroup: '/user.slice/app.slice/app-run.scope' })).toBeNull();
  expect(whyToStay('/proc', { ...facts, cgroup: null, cmdline: 'srv --pid-file=/run/x.pid' })).toMatch(
    /pid file/,
  );
});

test('signals that are ignored', () => {
  expect(ignoresHangup('SigBlk:\t0\nSigIgn:\t0000000000001001\n')).toBe(true);
  expect(ignoresHangup('SigIgn:\t0000000000001000\n')).toBe(false);
  expect(ignoresHangup('SigCgt:\t0000000000000001\n')).toBe(false);
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/diagnosis/advisor.js';
import type { ActionPlan } from '../../src/model/action.js';
import { fakeAlert } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { type TestIo, vigil } from './io.js';

const process_ = { pid: 4711, start_ticks: 99, uid: 0, comm: 'yes', cmdline: 'yes \u001b[31mno' };

describe('explain, kill, actions', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());
  const run = (args: string, over: Partial<TestIo> = {}) =>
    vigil([...args.split(' '), '--runtime-dir', rig.dir], over);

  describe('vigil kill', () => {
    beforeEach(() => {
      rig.daemon.kills.length = 0;
      rig.daemon.verdict = {
        allowed: true,
        risk: 'moderate',
        reason: 'it is yours',
        steps: [
          {
            kind: 'terminate',
            scope: 'process',
            root: process_,
            pgid: 4711,
            cgroup: null,
            targets: [process_],
            force: false,
          },
        ],
      };
    });

    it('shows what it would hit, asks, and hits the process that was shown', async () => {
      const { code, out } = await run('kill 4711', { answer: 'y' });
      expect(code).toBe(0);
      expect(out).toMatch(/^SIGTERM, then SIGKILL, for 1 process \(moderate: it is yours\):\n +4711 {2}yes /);
      expect(out).not.toContain('\u001b');
      expect(rig.daemon.kills).toMatchObject([
        { pid: 4711, start_ticks: 99, scope: 'process', force: false, by: { uid: process.getuid!() } },
      ]);
    });

    it.each([
      [{ answer: 'n' }, 'kill 4711', 1, 'Nothing was done.'],
      [{ answer: '' }, 'kill 4711', 1, 'Nothing was done.'],
      [{ answer: null }, 'kill 4711', 2, '--yes'],
    ])('does nothing without a yes: %j', async (over, args, code, said) => {
      const result = await run(args, over);
      expect(result.code).toBe(code);
      expect(result.out + result.err).toContain(said);
      expect(rig.daemon.kills).toEqual([]);
    });

    it('--yes --group --force --json', async () => {
      const { code, out } = await run('kill 4711 --yes --group --force --json');
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ outcome: 'done' });
      expect(rig.daemon.kills).toMatchObject([{ scope: 'group', force: true }]);
    });

    it('says why it is refused', async () => {
      rig.daemon.verdict = { allowed: false, risk: 'dangerous', reason: 'pid 1 is protected', steps: [] };
      expect(await run('kill 1 --yes')).toEqual({ code: 1, out: '', err: 'vigil: pid 1 is protected\n' });
      expect(rig.daemon.kills).toEqual([]);
    });

    it.each([
      ['kill 0', 'not a process id'],
      ['kill -1', 'not a process id'],
      ['kill 4294967295', 'not a process id'],
      ['kill 1;rm', 'not a process id'],
      ['kill 5 --tree --group', 'exclude each other'],
      ['kill 5 --json', '--json needs --yes'],
    ])('%s is refused', async (args, why) => {
      const { code, err } = await run(args);
      expect(code).toBe(2);
      expect(err).toContain(why);
      expect(rig.daemon.kills).toEqual([]);
    });
  });

  describe('vigil explain', () => {
    const plan: ActionPlan = {
      id: 1,
      alert_id: 7,
      rule: 'orphan',
      time_ms: 0,
      type: 'kill_process',
      proposals: [],
      text: 'End the 12 leftovers',
      command: 'kill -- 4711',
      verdict: { allowed: true, risk: 'safe', reason: 'their session is over', steps: [] },
    };
    const explanation: Explanation = {
      time_ms: Date.now(),
      by: 'model',
      model: 'claude-sonnet-5-5',
      diagnosis: {
        diagnostic: 'Twelve servers\u001b]0;x were left over.',
        severity: 'high',
        actions: [],
        prevention: 'Close the session.',
      },
      failure: null,
      usage: null,
      proposals: [],
      left_out: ['kill of pid 1: it was not in the question'],
    };

    beforeEach(() => {
      rig.daemon.explained = { explanation, plans: [plan] };
      rig.daemon.alerts = [fakeAlert({ id: 7 })];
      rig.daemon.look({ time_ms: 0, processes: [process_], sessions: [] } as never);
    });

    it.each(['explain A7', 'explain a7', 'explain 4711'])('%s', async args => {
      const { code, out } = await run(args);
      expect(code).toBe(0);
      expect(out).toMatch(/^HIGH Twelve servers.* were left over\.\n\(explained by claude-sonnet-5-5\)\n/);
      expect(out).toContain(
        '  - End the 12 leftovers\n      kill -- 4711\n      safe: their session is over\n',
      );
      expect(out).toContain('left out: kill of pid 1');
      expect(out).toContain('To prevent it: Close the session.');
      expect(out).not.toContain('\u001b');
    });

    it('says why no model explained, unless that was a choice', async () => {
      const failure = { code: 'timeout' as const, message: 'The model took too long.', wait_ms: null };
      rig.daemon.explained = { explanation: { ...explanation, by: 'rules', failure }, plans: [] };
      expect((await run('explain A7')).out).toContain('(explained by the rules)\nThe model took too long.\n');
      const chosen = { ...failure, code: 'disabled' as const };
      rig.daemon.explained = { explanation: { ...explanation, by: 'rules', failure: chosen }, plans: [] };
      expect((await run('explain A7')).out).not.toContain('too long');
    });

    it('--show-prompt prints what would be sent', async () => {
      expect((await run('explain 4711 --show-prompt')).out).toBe('the system prompt\n\nthe user prompt\n');
    });

    it.each([
      ['explain A8', 1, 'there is no alert 8'],
      ['explain 99', 1, 'there is no process 99'],
      ['explain -1', 2, 'neither a process id (4711) nor an alert (A7)'],
      ['explain sshd', 2, 'neither a process id'],
    ])('%s', async (args, code, why) => {
      const result = await run(args);
      expect(result.code).toBe(code);
      expect(result.err).toContain(why);
    });
  });

  it('vigil actions lists what was done', async () => {
    expect((await run('actions')).out).toBe('vigil has done nothing.\n');
    rig.daemon.done = [
      {
        id: 1,
        time_ms: Date.parse('2026-11-20T12:00:00Z'),
        mode: 'auto',
        requested_by: 'vigil',
        alert_id: 7,
        what: 'kill_process',
        targets: [process_],
        targets_total: 1,
        damaged: false,
        argv: null,
        evidence: null,
        before: null,
        after: null,
        result: 'done: 1 process ended\u001b[31m',
      },
    ];
    const { out } = await run('actions');
    expect(out).toMatch(/kill_process {2}yes\[4711\] {2}\(by vigil, auto, A7\)\n {4}done: 1 process ended/);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await run('actions --json')).out)).toMatchObject([{ what: 'kill_process' }]);
    const [done] = rig.daemon.done;
    rig.daemon.done = [
      { ...done!, targets_total: 700 },
      { ...done!, targets: [], targets_total: 0, damaged: true },
    ];
    const later = (await run('actions')).out;
    expect(later).toContain('yes[4711], and 699 more');
    expect(later).toContain('its row in the history is damaged');
    rig.daemon.done = null;
    expect(await run('actions')).toMatchObject({ code: 2, out: '' });
  });
});

import { describe, expect, it } from 'vitest';
import { explainByRules } from '../../src/diagnosis/deterministic.js';
import { contextOf } from '../../src/diagnosis/question.js';
import { alert, question, sample, snapshot } from './incident.js';

describe('an explanation without a model', () => {
  it('says what it is, how much, where it came from and what to do', () => {
    const { diagnostic, severity, actions, prevention } = explainByRules(question());
    expect(diagnostic).toBe(
      [
        '12 leftovers of the Claude session in ~/shop. They hold 3.6 GiB and nobody reads what they say.',
        '12 processes hold 3.6 GB (22.7 % of the memory) and use 24 % of a core; the biggest is node (pid 4711) with 310 MB.',
        'Where it came from: claude (pid 4000) → npm → node.',
        'The claude-code session (pid 4000) in /home/ann/shop has ended.',
        'Measured: rss 3.6 GB, quiet 10 min.',
        'Lately: 13:00 1.2 GiB; 14:00 3.6 GiB.',
      ].join(' '),
    );
    expect(severity).toBe('high');
    expect(actions.map(({ type, risk }) => [type, risk])).toEqual([
      ['kill_process', 'safe'],
      ['custom', 'moderate'],
    ]);
    expect(actions[0]!.target.split(',')).toHaveLength(12);
    expect(prevention).toContain('MCP servers');
  });

  it('proposes to end nothing that still belongs to somebody', () => {
    const session = { ...alert().subject.session!, alive: true };
    const living = Array.from({ length: 3 }, (_, i) => sample(4711 + i, { session }));
    const { actions } = explainByRules(question({ snapshot: snapshot(living) }));
    expect(actions.map(({ type }) => type)).toEqual(['custom']);
  });

  it('leaves out who is gone or somebody else by now', () => {
    const reused = sample(4711, { start_ticks: 1, session: alert().subject.session });
    const { actions } = explainByRules(question({ snapshot: snapshot([reused]) }));
    expect(actions.map(({ type }) => type)).toEqual(['custom']);
  });

  it('tells of a process', () => {
    const { diagnostic, severity, actions } = explainByRules(
      question({ about: { kind: 'process', pid: 4711 } }),
    );
    expect(diagnostic).toMatch(/^node \(pid 4711\) has run for 3 h as uid 1000: node \/home\/ann/);
    expect(diagnostic).toContain('It came from systemd (pid 1) → node (pid 4711).');
    expect(diagnostic).toContain('has ended.');
    expect(diagnostic).toContain('310 MB (1.9 % of the memory), uses 2 % of a core');
    expect(diagnostic).toContain('left over');
    expect(severity).toBe('warning');
    expect(actions).toHaveLength(1);
  });

  it('says what its agent is at, and who says why', () => {
    const machine = snapshot([sample(4711, { session: { ...alert().subject.session!, alive: true } })]);
    const sessions = machine.sessions.map(one => ({
      ...{ ...one, alive: true, state: 'WAITING' as const, reason: 'limit' as const },
    }));
    const { diagnostic } = explainByRules(
      question({ about: { kind: 'process', pid: 4711 }, snapshot: { ...machine, sessions } }),
    );
    expect(diagnostic).toContain('is alive (WAITING, limit; `vigil agents explain 4000` says why).');
  });

  it('tells of a service, and that nothing is wrong', () => {
    const { diagnostic, severity } = explainByRules(question({ about: { kind: 'process', pid: 900 } }));
    expect(diagnostic).toContain('systemd runs it as ssh.service.');
    expect(diagnostic).toContain('Nothing about it looks wrong.');
    expect(severity).toBe('info');
  });

  it('says so when there is no such process', () => {
    expect(explainByRules(question({ about: { kind: 'process', pid: 77 } })).diagnostic).toBe(
      'There is no process with pid 77, or it is a kernel thread.',
    );
  });

  it('shows foreign text harmless', () => {
    const evil = sample(4711, { comm: 'a\u001b[2J', cmdline: 'x\ny\u202e' });
    const { diagnostic } = explainByRules(
      question({ about: { kind: 'process', pid: 4711 }, snapshot: snapshot([evil]) }),
    );
    expect(diagnostic).toContain('a\\x1b[2J');
    expect(diagnostic).toContain('x\\ny\\u202e');
  });

  it('knows failed units', () => {
    const subject = {
      ...alert().subject,
      kind: 'unit' as const,
      name: 'shop.service',
      uid: null,
      processes: [],
      session: null,
    };
    const about = alert({ rule: 'unit_failing', subject });
    const { actions, prevention } = explainByRules(question({ about: { kind: 'alert', alert: about } }));
    expect(actions[0]).toMatchObject({ type: 'restart_service', target: 'shop.service', risk: 'moderate' });
    expect(prevention).toContain('journalctl -u');
  });

  it('does not take a unit of a user for one of the system', () => {
    const subject = {
      ...alert().subject,
      kind: 'unit' as const,
      name: 'nginx.service',
      uid: 1001,
      processes: [],
    };
    const about = alert({ rule: 'unit_failing', subject });
    const asked = question({ about: { kind: 'alert', alert: about } });
    const { actions, prevention } = explainByRules(asked);
    expect(actions.map(({ type }) => type)).not.toContain('restart_service');
    expect(prevention).toContain('journalctl --user-unit');
    // Nor does a model get to.
    expect(contextOf(asked).units).not.toContain('nginx.service');
  });
});

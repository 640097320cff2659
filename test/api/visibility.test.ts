import { describe, expect, it } from 'vitest';
import type { OwnedEvent } from '../../src/api/reports/event.js';
import { Visibility } from '../../src/api/visibility.js';
import { alert, sample, snapshot } from '../diagnosis/incident.js';
import { fakeAgent, fakeAlert, fakeEvent } from './fake-daemon.js';

const ANN = { kind: 'user', uid: 1000 } as const;
const ROOT = { kind: 'all' } as const;
const NOBODY = { kind: 'none' } as const;

const OTHERS = { pid: 4711, start_ticks: 1, uid: 1001, comm: 'ben-secret', cmdline: 'ben-secret --key' };

/** Of the machine, and it names the programs behind it. */
const shared = (kind: 'host' | 'processes' = 'host') =>
  alert({
    id: 3,
    title: 'Memory is nearly full',
    text: '95 % is in use. Most is held by ben-secret (2 GB).',
    suggestion: 'vigil kill 4711',
    subject: {
      kind,
      name: 'this machine',
      uid: null,
      processes: [OTHERS],
      session: null,
      lineage: 'sshd → ben-secret',
    },
  });

describe('where the machine hides processes, a user', () => {
  const visibility = new Visibility({ value: true });

  it('is told that the machine has a trouble, not who is behind it; root is', () => {
    const told = JSON.stringify(visibility.alert(shared(), ANN));
    expect(told).toContain('Memory is nearly full');
    expect(told).not.toMatch(/ben-secret|4711/);
    expect(visibility.alert(shared(), ROOT)).toEqual(shared());
  });

  it('is not told of troubles of several users’ processes', () => {
    expect(visibility.alert(shared('processes'), ANN)).toBeNull();
  });

  it('gets events of the machine the same way', () => {
    const open = shared();
    const event = { type: 'alert_opened', time: '', alert: open } as unknown as OwnedEvent['event'];
    expect(JSON.stringify(visibility.event({ uid: null, event, alert: open }, ANN))).not.toMatch(
      /ben-secret|4711/,
    );
  });

  it('is not told who sent the signal that ended an agent of his', () => {
    const text = 'ended by signal 9 from ben-secret (4711)';
    const event = fakeEvent({
      to: 'EXITED',
      signal: 'SIGKILL',
      signal_sender: { pid: 4711, comm: 'ben-secret' },
      evidence: { source: 'lifecycle', text, time: '' },
    });
    const told = JSON.stringify(visibility.event({ uid: 1000, event }, ANN));
    expect(told).toContain('ended by signal 9');
    expect(told).not.toMatch(/ben-secret|4711/);
  });

  it('is not told it by the evidence that explains the state either; root is', () => {
    const evidence = {
      source: 'lifecycle',
      text: 'ended by signal 9 from ben-secret (4711)',
      time: '',
    } as const;
    const ended = {
      state: 'EXITED',
      signal: 'SIGKILL',
      signal_sender: { pid: 4711, comm: 'ben-secret' },
    } as const;
    const report = {
      agent: fakeAgent({ ...ended, evidence }),
      decided_by: 'the process ended',
      evidence: [{ ...evidence, age_ms: 5, note: 'decided' }],
      voices: [],
      processes: [],
    };
    const told = JSON.stringify(visibility.explained(report, ANN));
    expect(told).toContain('ended by signal 9');
    expect(told).not.toMatch(/ben-secret|4711/);
    expect(visibility.explained(report, ROOT)).toEqual(report);
  });

  it('sees nothing but his own in a look at the machine', () => {
    const host = { ...snapshot().host, cgroups: [], gpus: [] };
    const own = sample(1, { uid: 1000, comm: 'ann-own' });
    const machine = { ...snapshot([own, sample(4711, { uid: 1001, comm: 'ben-secret' })]), host };
    expect(visibility.machine(machine, ANN).processes.map(({ comm }) => comm)).toEqual(['ann-own']);
    expect(visibility.machine(machine, ROOT).processes).toHaveLength(2);
  });

  it('sees an alert of his own without what it descends from', () => {
    const own = fakeAlert({
      subject: { ...fakeAlert().subject, uid: 1000, lineage: 'roots-daemon (pid 5) → yes' },
    });
    expect(JSON.stringify(visibility.alert(own, ANN))).not.toContain('roots-daemon');
  });
});

it('where it hides none, alerts of the machine name programs, as ps does', () => {
  const visibility = new Visibility({ value: false });
  expect(visibility.alert(shared(), ANN)).toEqual(shared());
});

it('whose something is decides who is told of it, hidden or not', () => {
  for (const value of [true, false]) {
    const visibility = new Visibility({ value });
    const theirs = fakeAlert({ subject: { ...fakeAlert().subject, uid: 1001 } });
    expect(visibility.alert(theirs, ANN)).toBeNull();
    expect(visibility.alerts([theirs, shared()], ROOT)).toHaveLength(2);
    expect(visibility.alert(shared(), NOBODY)).toBeNull();
    expect(visibility.event({ uid: 1001, event: fakeEvent() }, ANN)).toBeNull();
    expect(visibility.agent(fakeAgent({ uid: 1001 }), ANN)).toBeNull();
    expect(visibility.agent(fakeAgent({ uid: 1000 }), ANN)).toMatchObject({ uid: 1000 });
  }
});

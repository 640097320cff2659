import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OwnedEvent } from '../../src/api/services.js';
import { HiddenProcesses } from '../../src/daemon/hidden-processes.js';
import { View, type ViewOptions } from '../../src/daemon/view.js';
import { fakeAlert, fakeEvent } from '../api/fake-view.js';
import { alert, sample, snapshot } from '../diagnosis/incident.js';

const ANN = { kind: 'user', uid: 1000 } as const;
const ROOT = { kind: 'all' } as const;

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'vigil-hidepid-'));
});
afterEach(() => rmSync(proc, { recursive: true }));

function mounted(options: string, pid = '1'): void {
  mkdirSync(join(proc, pid), { recursive: true });
  const line = `22 1 0:5 / /proc rw,nosuid,${options} shared:5 - proc proc rw,${options}`;
  writeFileSync(join(proc, pid, 'mountinfo'), `21 1 0:4 / / rw - ext4 /dev/vda1 rw\n${line}\n`);
}

const OTHERS = { pid: 4711, start_ticks: 1, uid: 1001, comm: 'ben-secret', cmdline: 'ben-secret --key' };

describe('whether processes are hidden', () => {
  it.each([
    ['hidepid=2', true],
    ['hidepid=invisible', true],
    ['hidepid=1', true],
    ['hidepid=ptraceable', true],
    ['hidepid=0', false],
    ['hidepid=off', false],
    ['relatime', false],
  ])('%s: %s', (options, hides) => {
    mounted(options);
    expect(new HiddenProcesses(proc).value).toBe(hides);
  });

  it('is looked at again', () => {
    let now_ms = 0;
    mounted('relatime');
    const hidden = new HiddenProcesses(proc, () => now_ms);
    expect(hidden.value).toBe(false);
    mounted('hidepid=2');
    now_ms = 60_000;
    expect(hidden.value).toBe(true);
  });

  it('is not known without a /proc', () => {
    expect(new HiddenProcesses(join(proc, 'none')).value).toBe(false);
  });
});

function view(): View {
  const host = { ...snapshot().host, cgroups: [], gpus: [] };
  const machine = {
    ...snapshot([sample(1, { uid: 1000, comm: 'ann-own' }), sample(4711, { uid: 1001, comm: 'ben-secret' })]),
    host,
  };
  return new View({
    bus: { on: () => () => {} },
    host: { latest: machine },
    hidden: new HiddenProcesses(proc),
    procRoot: proc,
    faults: { record: () => {} },
  } as unknown as ViewOptions);
}

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

describe('where /proc hides processes, a user', () => {
  beforeEach(() => mounted('hidepid=2'));

  it('is told that the machine has a trouble, not who is behind it; root is', () => {
    const told = JSON.stringify(view().alertFor(shared(), ANN));
    expect(told).toContain('Memory is nearly full');
    expect(told).not.toMatch(/ben-secret|4711/);
    expect(view().alertFor(shared(), ROOT)).toEqual(shared());
  });

  it('is not told of troubles of several users’ processes', () => {
    expect(view().alertFor(shared('processes'), ANN)).toBeNull();
  });

  it('gets events of the machine the same way', () => {
    const open = shared();
    const event = { type: 'alert_opened', time: '', alert: open } as unknown as OwnedEvent['event'];
    expect(JSON.stringify(view().eventFor({ uid: null, event, alert: open }, ANN))).not.toMatch(
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
    const told = JSON.stringify(view().eventFor({ uid: 1000, event }, ANN));
    expect(told).toContain('ended by signal 9');
    expect(told).not.toMatch(/ben-secret|4711/);
  });

  it('sees nothing but his own in a look at the machine', () => {
    expect(
      view()
        .machine(ANN)
        ?.processes.map(({ comm }) => comm),
    ).toEqual(['ann-own']);
    expect(view().machine(ROOT)?.processes).toHaveLength(2);
  });

  it('sees an alert of his own without what it descends from', () => {
    const own = fakeAlert({
      subject: { ...fakeAlert().subject, uid: 1000, lineage: 'roots-daemon (pid 5) → yes' },
    });
    expect(JSON.stringify(view().alertFor(own, ANN))).not.toContain('roots-daemon');
  });
});

it('where it hides none, alerts of the machine name programs, as ps does', () => {
  mounted('relatime');
  expect(view().alertFor(shared(), ANN)).toEqual(shared());
});

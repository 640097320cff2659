import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found!).sort();

const unit = read('share/systemd/vigil.service');
const bounding = all(unit, /^CapabilityBoundingSet=(.*)$/gm)
  .flatMap(line => line.split(' '))
  .map(name => name.replace('CAP_', ''))
  .sort();

describe('the rights of the daemon', () => {
  it('are the same everywhere; containers, without ExecStartPre, read kernel addresses themselves', () => {
    expect(bounding).toHaveLength(11);
    const contained = [...bounding, 'SYSLOG'].sort();
    const daemonset = read('contrib/kubernetes/daemonset.yaml');
    expect(all(daemonset, /^ {16}- ([A-Z_]+)/gm)).toEqual(contained);
    expect(all(read('contrib/container/Dockerfile'), /--cap-add=([A-Z_]+)/g)).toEqual(contained);
  });

  it('have their reasons beside them', () => {
    const comment = all(unit, /^# (.*)$/gm).join(' ');
    for (const name of bounding) expect(comment).toContain(name);
  });
});

describe('the unit', () => {
  it('writes nowhere but in its own folders and the users’ runtime folders', () => {
    expect(unit).toContain('\nProtectSystem=strict\n');
    expect(unit).toContain('\nReadOnlyPaths=-/home -/root\n');
    expect(unit).not.toMatch(/^ProtectHome=/m);
    expect(all(unit, /^((?:ReadWrite|Bind)Paths=.*)$/gm)).toEqual(['ReadWritePaths=-/run/user -/etc/vigil']);
    expect(all(unit, /^((?:Runtime|State|Logs)Directory=.*)$/gm)).toEqual([
      'LogsDirectory=vigil',
      'RuntimeDirectory=vigil',
      'StateDirectory=vigil',
    ]);
  });

  it('allows what Node.js and bpftrace cannot do without', () => {
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute=yes/m);
    expect(unit).toMatch(/^SystemCallFilter=@system-service bpf perf_event_open$/m);
    expect(unit).toMatch(/^ProcSubset=all$/m);
  });
});

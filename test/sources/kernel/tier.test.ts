import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { chooseTier } from '../../../src/sources/kernel/tier.js';
import { isRoot, type Observed, observe, script, until } from './helpers.js';

const HEARTBEAT = `printf '{"type": "printf", "data": "H 1000 0\\\\n"}\\n'`;

/** A bpftrace of this version; `probe` is what it does when asked to attach a trivial tracing program. */
const fake = (name: string, probe: string, rest = 'exit 1', version = '0.99.0') =>
  script(
    name,
    `#!/bin/sh
[ "$1" = --version ] && { echo bpftrace v${version}; exit; }
[ "$1" = -lv ] && exit
if [ "$3" = -e ]; then
${probe}
fi
text=$(cat)
${rest}
`,
  );
const ATTACHED = `printf '{"type": "attached_probes", "data": {"probes": 2}}\\n{"type": "printf", "data": "attached\\\\n"}\\n'; exit 0`;

/** A /proc that says of vigil what it may do. */
function procOf(capabilities: string): string {
  const proc = mkdtempSync(join(tmpdir(), 'vigil-rights-'));
  mkdirSync(join(proc, 'self'));
  writeFileSync(join(proc, 'self/status'), `Pid:\t${process.pid}\nCapEff:\t${capabilities}\n`);
  return proc;
}

describe.skipIf(!isRoot)('chooseTier', () => {
  it.each([
    ['none', '0000000000000000', '0.99.0', 'procfs'],
    ['CAP_SYS_ADMIN', '0000000000200000', '0.17.0', 'fentry'],
    ['CAP_BPF and CAP_PERFMON', '000000c000000000', '0.99.0', 'fentry'],
    ['CAP_BPF and CAP_PERFMON', '000000c000000000', '0.17.0', 'procfs'],
    ['CAP_BPF alone', '0000008000000000', '0.99.0', 'procfs'],
  ])('with the rights %s (%s) and bpftrace %s is %s', async (name, capabilities, version, tier) => {
    const path = fake(`rights-${capabilities}-${version}`, ATTACHED, 'exit 1', version);
    const choice = await chooseTier(path, undefined, { procRoot: procOf(capabilities) });
    expect(choice.tier, name).toBe(tier);
    if (tier === 'procfs') expect(choice.reason).toMatch(/runs without CAP_SYS_ADMIN/);
  });

  it('is fentry where a tracing program attaches', async () => {
    const choice = await chooseTier(fake('accepts', ATTACHED), undefined);
    expect(choice).toMatchObject({ tier: 'fentry', version: '0.99.0' });
    expect(choice.reason).toMatch(/attach to the terminal functions/);
  });

  it.each([
    ['0.17.0', 'kfunc'],
    ['0.23.2', 'fentry'],
  ])('asks bpftrace %s in its own words', async (version, name) => {
    const path = fake(
      `asks-${version}`,
      `case $4 in ${name}:n_tty_write*) ${ATTACHED};; esac`,
      'exit 1',
      version,
    );
    expect((await chooseTier(path, undefined)).tier).toBe('fentry');
  });

  it.each([
    [
      'refuses',
      'echo "ERROR: couldn\'t set RLIMIT_MEMLOCK for bpftrace" >&2; echo "stdin:1:1-18: ERROR: kfunc/kretfunc not available for your kernel version." >&2; exit 1',
      /kfunc\/kretfunc not available for your kernel version/,
    ],
    [
      'warns',
      `echo 'WARNING: could not attach probe kfunc:n_tty_write, skipping.' >&2; ${ATTACHED}`,
      /could not attach probe/,
    ],
    ['lies', 'exit 0', /exit code 0 and said nothing/],
    ['dies', 'kill -SEGV $$', /SIGSEGV/],
    ['hangs', 'exec sleep 30', /more than 0\.5 s/],
  ])('is tracepoint where bpftrace %s, and says so', async (name, probe, reason) => {
    const start = performance.now();
    const choice = await chooseTier(fake(name, probe), undefined, { probeLimit_ms: 500 });
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(choice.tier).toBe('tracepoint');
    expect(choice.reason).toMatch(reason);
    expect(choice.bpftrace).not.toBeNull();
  });

  it('takes no wish for a fact', async () => {
    const refuses = fake('refuses-too', 'echo "ERROR: no BTF" >&2; exit 1');
    const choice = await chooseTier(refuses, 'fentry');
    expect(choice.tier).toBe('tracepoint');
    expect(choice.reason).toMatch(/fentry is set by configuration, but .*no BTF/);
    expect(await chooseTier(refuses, 'procfs')).toMatchObject({ tier: 'procfs', bpftrace: null });
    expect(await chooseTier(fake('accepts-too', ATTACHED), 'tracepoint')).toMatchObject({
      tier: 'tracepoint',
      reason: 'set by configuration',
    });
  });
});

describe.skipIf(!isRoot)('the fentry tier', () => {
  let seen: Observed | null = null;
  afterEach(async () => {
    await seen?.sensor.stop();
    seen = null;
  });
  const open = async (rest: string) => {
    seen = observe({ bpftracePath: fake(`runs-${rest.length}`, ATTACHED, rest) });
    await seen.sensor.start();
    expect(seen.sensor.health().tier).toBe('fentry');
    seen.sensor.watch(new Set([process.pid]));
    return seen;
  };
  const terminal = () => seen!.sensor.health().programs.find(({ name }) => name === 'terminal');

  it('runs the program on the terminal functions', async () => {
    await open(`case $text in *workqueue_queue_work*) exit 1;; esac; ${HEARTBEAT}; exec sleep 30`);
    await until('running', () => terminal()?.state === 'running');
    expect(seen!.sensor.health().tier).toBe('fentry');
    expect(terminal()).toMatchObject({ missing: [], restarts: 0 });
  });

  it('falls back when that program is refused, and says so', async () => {
    const {
      sensor,
      terminal: live,
      log,
    } = await open(
      `case $text in *fexit:n_tty_write*) echo 'ERROR: Error loading program: fexit:n_tty_write' >&2; exit 1;; esac; ${HEARTBEAT}; exec sleep 30`,
    );
    await until('running', () => terminal()?.state === 'running');
    expect(sensor.health().tier).toBe('tracepoint');
    expect(sensor.health().tier_reason).toMatch(/Error loading program: fexit:n_tty_write/);
    expect(terminal()!.missing.join()).toMatch(/terminal-fentry failed.*Error loading program/);
    expect(live).toEqual([true]);
    expect(log.some(line => line.level === 'warn' && /tracepoints take its place/.test(line.message))).toBe(
      true,
    );
    const lifecycle = sensor.health().programs.find(({ name }) => name === 'lifecycle');
    expect(lifecycle).toMatchObject({ state: 'running', restarts: 0 });
  });

  it('is started again when it was killed while it ran', async () => {
    await open(`${HEARTBEAT}; exec sleep 30`);
    await until('running', () => terminal()?.state === 'running');
    const { pid } = terminal()!;
    process.kill(pid!, 'SIGKILL');
    await until('running again', () => terminal()?.restarts === 1 && terminal()?.state === 'running');
    expect(seen!.sensor.health().tier).toBe('fentry');
  });
});

import { describe, expect, it, vi } from 'vitest';
import { configKeys } from '../../src/config/keys.js';
import type { HostSample } from '../../src/model/snapshot.js';
import { RULES, type RuleId } from '../../src/rules/checks/index.js';
import type { AnyRule, Candidate } from '../../src/rules/engine/rule.js';
import { withRulesTable } from '../../src/rules/reference.js';
import { AsyncStatfs } from '../../src/sources/host/filesystems/async-statfs.js';
import { filesystem, GB, Machine, MB, memory, quietHost, refOf } from '../rules/machine.js';
import { defaultOf, pattern, quoted, readPage, rows, section } from './page.js';

const page = readPage('rules.md');
const CAPITALS = 'NAME|AGENT|FOLDER|MOUNT|UNIT|FIGURE|N';
const NAMES = RULES.map(({ id }) => id);

/** The rule's row of the table, as people read it. */
function row(name: RuleId) {
  const cells = rows(section(page, '## All rules, with their defaults')).find(
    ([first]) => first === `[\`${name}\`](#${name})`,
  );
  expect(cells, `a row for ${name}`).toBeDefined();
  const [, fires, lasts, ends, clear, severity] = cells!;
  return { fires, lasts, ends, clear, severity } as Record<
    'fires' | 'lasts' | 'ends' | 'clear' | 'severity',
    string
  >;
}

function numbers(text: string): number[] {
  return [...text.matchAll(/\d+(\.\d+)?/g)].map(([digits]) => Number(digits));
}

/** `30 s`, `5 min`, `–` */
function ms(text: string): number {
  if (text === '–') return 0;
  const [, count, unit] = /^(\d+) (s|min)$/.exec(text)!;
  return Number(count) * (unit === 's' ? 1_000 : 60_000);
}

describe('docs/rules.md', () => {
  it('has the table as it is made: make docs writes it', () => {
    expect(withRulesTable(page)).toBe(page);
    expect(() => withRulesTable('# Rules')).toThrow('no place for the table');
  });

  it('has a section for each rule, and for nothing else', () => {
    const sections = page.split('\n').filter(line => line.startsWith('### '));
    expect(sections.sort()).toEqual(NAMES.map(name => `### \`${name}\``).sort());
  });

  it('says how to tune each rule, in its section', () => {
    for (const name of NAMES) {
      const own = configKeys()
        .map(key => key.name)
        .filter(key => key.startsWith(`detection.${name}.`) && !key.endsWith('.enabled'));
      const text = section(page, `### \`${name}\``);
      for (const key of own) expect(text, name).toContain(`\`${key}\``);
      expect(text).toMatch(/^- \*\*Do\*\*: /m);
      expect(text).toMatch(/^- \*\*Tune\*\*: /m);
    }
    const thresholds = configKeys().filter(({ name }) => name.startsWith('thresholds.'));
    for (const { name } of thresholds) expect(page).toContain(`\`${name}\``);
  });

  it('names only keys that exist, with the defaults that they have', () => {
    const tables = [...new Set(configKeys().map(({ name }) => name.split('.')[0]))].join('|');
    const named = page.matchAll(new RegExp(`\`((?:${tables})\\.[a-z_.]+)\`(?:\\s+\\(([^)\\s]+)\\))?`, 'g'));
    let figures = 0;
    for (const [, key, figure] of named) {
      const value = defaultOf(key!);
      if (figure === undefined) continue;
      figures++;
      expect(`${key} ${figure}`).toBe(`${key} ${value}`);
    }
    expect(figures).toBeGreaterThan(50);
  });
});

const host = quietHost();
const look = (machine: Machine, changes: Partial<HostSample>, seconds = 400) => {
  machine.host = { ...host, ...changes };
  machine.pass(seconds);
};
const gpu = (celsius: number, used_percent: number) => ({
  gpus: [
    {
      id: 'card0',
      vendor: 'amd' as const,
      name: 'Navi',
      busy_percent: 1,
      vram_total_bytes: 100 * GB,
      vram_used_bytes: used_percent * GB,
      celsius,
      power_watts: null,
      processes: [],
    },
  ],
});
const mainOf = (machine: Machine, session: { pid: number }) =>
  machine.processes.find(({ pid }) => pid === session.pid)!;
const leftovers = (machine: Machine, count: number, rss_bytes: number) => {
  const session = machine.addSession();
  machine.many(count, { comm: 'serve', ppid: session.pid, rss_bytes, session: refOf(session) });
  machine.pass(30);
  machine.endSession(session);
  machine.pass(90);
};

/** Makes each trouble as bad as the first figure of its row says, or as another one, and lets time pass. */
const PLAYS: Record<RuleId, (machine: Machine, figure: number) => void> = {
  ram: (machine, percent) => look(machine, { memory: memory(percent) }),
  memory_pressure: (machine, full_avg10) =>
    look(machine, {
      pressure: { ...host.pressure!, memory: { some_avg10: 9, some_avg60: 9, full_avg10, full_avg60: 0 } },
    }),
  swap: (machine, percent) =>
    look(machine, { memory: memory(40, { swap_used_bytes: (4 * GB * percent) / 100, swap_in_per_s: 99 }) }),
  load: (machine, factor) => look(machine, { cpu: { ...host.cpu!, load1: factor * host.cores } }),
  fork_bomb: (machine, count) => {
    machine.host = { ...host, tasks: { running: 9, total: 900, limit: 30_000, forks_per_s: 200 } };
    machine.many(Math.floor(count), { comm: 'bomb' });
    machine.pass(5, 1);
  },
  kernel_limit: (machine, percent) =>
    look(machine, { tasks: { running: 1, total: percent * 300, limit: 30_000, forks_per_s: 0 } }),
  cpu_high: (machine, cpu_percent) => {
    machine.add({ comm: 'miner', cpu_percent });
    machine.pass(120);
  },
  agent_spinning: (machine, cpu_percent) => {
    mainOf(machine, machine.addSession({ state: 'WAITING' })).cpu_percent = cpu_percent;
    machine.pass(200);
  },
  agent_memory: (machine, gigabytes) => {
    mainOf(machine, machine.addSession()).rss_bytes = gigabytes * GB;
    machine.pass(60);
  },
  idle_agents: (machine, percent) => {
    for (const session of [1, 2].map(() => machine.addSession({ state: 'WAITING' })))
      mainOf(machine, session).rss_bytes = (16 * GB * percent) / 200;
    machine.pass(200);
  },
  memory_full_soon: machine => {
    const greedy = machine.add({ comm: 'greedy' });
    machine.pass(20);
    machine.pass(120, 10, () => {
      greedy.rss_bytes += GB / 2;
      machine.host = { ...host, memory: memory(Math.min(100, 40 + (greedy.rss_bytes / (16 * GB)) * 100)) };
    });
  },
  memory_leak: (machine, megabytes) => {
    const leaky = machine.add({ comm: 'leaky', anon_bytes: 100 * MB });
    machine.pass(120);
    machine.pass(300, 10, () => {
      leaky.anon_bytes! += (megabytes * MB) / 30;
    });
  },
  fd_leak: (machine, files) => {
    const leaky = machine.add({ comm: 'leaky', fds: 100 });
    machine.pass(1200, 10, () => {
      leaky.fds! += files / 60;
    });
  },
  hang: machine => {
    machine.add({ comm: 'ls', state: 'D' });
    machine.pass(60);
  },
  stopped: machine => {
    machine.add({ comm: 'job', state: 'T' });
    machine.pass(60);
  },
  zombie: machine => {
    machine.add({ comm: 'child', state: 'Z', ppid: machine.add({ comm: 'careless' }).pid });
    machine.pass(400);
  },
  runtime_limit: machine => {
    machine.add({ comm: 'slow' });
    machine.pass(90);
  },
  orphan: (machine, megabytes) => leftovers(machine, 2, (megabytes * MB) / 2),
  duplicates: (machine, count) => {
    machine.many(Math.ceil(count), { comm: 'python3', cmdline: 'python3 server.py' });
    machine.pass(90);
  },
  ghost_process_storm: (machine, percent) => leftovers(machine, 2, (16 * GB * percent) / 200),
  oom_kill: machine => {
    const victim = machine.add({ comm: 'hog' });
    machine.pass(10);
    machine.remove([victim]);
    machine.events.push({
      type: 'oom_kill',
      time_ms: machine.now_ms,
      victim,
      session: null,
      rss_bytes: GB,
      cgroup: null,
      source: 'journal',
    });
    machine.pass(20);
  },
  disk_space: (machine, percent) =>
    look(machine, { filesystems: [filesystem({ available_bytes: 5 * GB * percent })] }),
  inodes: (machine, percent) =>
    look(machine, { filesystems: [filesystem({ inodes_free: 10_000 * percent })] }),
  read_only_remount: machine => {
    machine.pass(20);
    look(machine, { filesystems: [filesystem({ read_only: true })] }, 20);
  },
  disk_full_soon: (machine, hours) => {
    const end_ms = machine.now_ms + 4_000_000;
    machine.pass(4000, 10, () => {
      const left = hours + (end_ms - machine.now_ms) / 3_600_000;
      machine.host = { ...host, filesystems: [filesystem({ available_bytes: (100 * GB * left) / hours })] };
    });
  },
  filesystem_hung: machine => look(machine, { filesystems: [filesystem({ mount: '/mnt', hung: true })] }, 20),
  io_latency: (machine, latency_ms) => look(machine, { disks: [{ ...host.disks[0]!, latency_ms }] }),
  temperature_cpu: (machine, celsius) =>
    look(machine, { temperatures: [{ kind: 'cpu', name: 'Package', celsius }] }),
  temperature_gpu: (machine, celsius) => look(machine, gpu(celsius, 1)),
  vram: (machine, percent) => look(machine, gpu(40, percent)),
  unit_failing: (machine, times) => {
    const failure = { type: 'unit_failed', time_ms: machine.now_ms, unit: 'a.service', result: 'signal' };
    machine.events.push(...Array.from({ length: Math.floor(times) }, () => failure as never));
    machine.pass(20);
  },
  baseline_anomaly: (machine, deviations) => {
    // As if it hardly ever moved: a deviation counts as 5 points at least.
    const state = [840, 40, 839, 5, 0];
    const cells = Array.from({ length: 24 }, (_, hour) => ({ key: 'ram_percent', hour, state }));
    machine.engine.restore(machine.now_ms, [], cells);
    look(machine, { memory: memory(40 + 5 * deviations) }, 60);
  },
};

/** What the rule found at each look, and when. */
function found(name: RuleId, figure: number): { now_ms: number; candidates: readonly Candidate[] }[] {
  const rule: AnyRule = RULES.find(({ id }) => id === name)!;
  const spy = vi.spyOn(rule, 'check');
  try {
    const limits = [{ command: 'slow', minutes: 1 }];
    PLAYS[name](new Machine({ detection: { runtime_limit: { limits } } }), figure);
    return spy.mock.calls.map(([, now_ms], index) => ({
      now_ms,
      candidates: spy.mock.results[index]!.value ?? [],
    }));
  } finally {
    spy.mockRestore();
  }
}

const severities = (looks: ReturnType<typeof found>) =>
  new Set(looks.flatMap(({ candidates }) => candidates.map(({ severity }) => severity)));

/** Something is there, or it is not. */
const UNMEASURED: ReadonlySet<RuleId> = new Set<RuleId>([
  ...(['hang', 'stopped', 'zombie', 'runtime_limit', 'oom_kill', 'memory_full_soon'] as const),
  ...(['read_only_remount', 'filesystem_hung'] as const),
]);
/** What runs out: the less the worse. */
const FALLING: ReadonlySet<RuleId> = new Set<RuleId>(['disk_space', 'inodes', 'disk_full_soon']);
/** Beyond a figure and short of it, by a two-hundredth. */
const worse = (name: RuleId, figure: number) => figure * (FALLING.has(name) ? 0.995 : 1.005);
const better = (name: RuleId, figure: number) => figure * (FALLING.has(name) ? 1.005 : 0.995);

it.each(NAMES)('%s: its title, its severity, and how long it takes', name => {
  const { fires, lasts, clear, severity } = row(name);
  const looks = found(name, worse(name, numbers(fires)[0] ?? 0));
  const bad = looks.flatMap(({ now_ms, candidates }) =>
    candidates.filter(candidate => candidate.severity !== null).map(candidate => ({ ...candidate, now_ms })),
  );
  expect(bad).not.toEqual([]);
  const { title, for_ms, clear_ms, severity: level, now_ms } = bad[0]!;
  const [opening] = section(page, `### \`${name}\``).trim().split('\n\n');
  expect(quoted(opening!).some(words => pattern(words, CAPITALS).test(title))).toBe(true);
  expect(severity).toContain(level);
  expect(clear_ms).toBe(ms(clear));
  const lasts_ms = ms(lasts.split(';')[0]!);
  if (for_ms > 0) expect(for_ms).toBe(lasts_ms);
  else if (lasts_ms > 0) {
    // The rule measures it itself, from its first look on.
    const took_ms = now_ms - looks[0]!.now_ms;
    expect(took_ms).toBeGreaterThanOrEqual(lasts_ms - 10_000);
    expect(took_ms).toBeLessThanOrEqual(lasts_ms + 10_000);
  }
});

it.each(NAMES.filter(name => !UNMEASURED.has(name)))('%s: its figures', name => {
  const { fires, ends, severity } = row(name);
  const levels = severity.split(';')[0]!.split(' / ');
  levels.forEach((level, index) => {
    const figure = numbers(fires)[index]!;
    expect(severities(found(name, worse(name, figure))), `beyond ${figure}`).toContain(level);
    expect(severities(found(name, better(name, figure))), `short of ${figure}`).not.toContain(level);
  });
  const [end] = numbers(ends);
  // Of processes there is no half.
  if (end === undefined || name === 'duplicates') return;
  expect(found(name, worse(name, end)).at(-1)!.candidates, `beyond ${end}`).not.toEqual([]);
  expect(found(name, better(name, end)).at(-1)!.candidates, `short of ${end}`).toEqual([]);
});

it('filesystem_hung: as long without an answer as its row says', () => {
  const [limit_s] = numbers(row('filesystem_hung').fires);
  const patient = new AsyncStatfs(() => new Promise(() => {}));
  patient.sizes('/mnt', 0);
  patient.sizes('/mnt', limit_s! * 1000 - 1);
  expect(patient.isHung('/mnt')).toBe(false);
  patient.sizes('/mnt', limit_s! * 1000);
  expect(patient.isHung('/mnt')).toBe(true);
});

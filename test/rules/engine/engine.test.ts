import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/rules/checks/index.js';
import { RuleEngine } from '../../../src/rules/engine/engine.js';
import { type AnyRule, defineRule } from '../../../src/rules/engine/rule.js';
import { brief, filesystem, GB, Machine, MB, memory, quietHost, refOf, rulesConfig } from '../machine.js';

const shell = {
  about: 'Only here.',
  figures: () => ({ fires: '', lasts_s: 0, ends: '', clear_s: 0, severity: '' }),
};

test('each rule has its table in the configuration, each table its rule', () => {
  expect(RULES.map(({ id }) => id).sort()).toEqual(Object.keys(rulesConfig().detection).sort());
});

test('a rule that fails is said once, and stops no other', () => {
  const machine = new Machine();
  machine.host = { ...machine.host, memory: memory(95) };
  const errors: string[] = [];
  const broken = defineRule({
    ...shell,
    id: 'swap',
    check() {
      throw new Error('a bug');
    },
  });
  let id = 0;
  const engine = new RuleEngine({
    config: rulesConfig(),
    interval_ms: 10_000,
    self_pid: 2,
    nextId: () => ++id,
    onRuleError: (rule, error) => errors.push(`${rule}: ${String(error)}`),
    rules: [broken, ...RULES],
  });
  const changes = Array.from({ length: 10 }, () => {
    machine.now_ms += 10_000;
    return engine.evaluate(machine.snapshot());
  }).flat();
  expect(brief(changes)).toEqual(['opened ram critical']);
  expect(errors).toEqual(['swap: Error: a bug']);
});

test('a failing rule leaves its open alerts as they are', () => {
  const machine = new Machine();
  let fails = false;
  const ram: AnyRule = RULES[0];
  const moody: AnyRule = {
    ...ram,
    check(...args) {
      if (fails) throw new Error('a bug');
      return ram.check(...args);
    },
  };
  let id = 0;
  const engine = new RuleEngine({
    config: rulesConfig(),
    interval_ms: 10_000,
    self_pid: 2,
    nextId: () => ++id,
    onRuleError: () => {},
    rules: [moody],
  });
  machine.host = { ...machine.host, memory: memory(95) };
  const take = () => {
    machine.now_ms += 10_000;
    return engine.evaluate(machine.snapshot());
  };
  expect(brief(Array.from({ length: 6 }, take).flat())).toEqual(['opened ram critical']);
  fails = true;
  expect(Array.from({ length: 59 }, take).flat()).toEqual([]);
  fails = false;
  expect(Array.from({ length: 60 }, take).flat()).toEqual([]);
});

test('what cannot be read for a moment is not over', () => {
  const machine = new Machine();
  const bad = { memory: memory(95), filesystems: [filesystem({ available_bytes: GB })] };
  machine.host = { ...quietHost(), ...bad };
  expect(brief(machine.pass(60))).toEqual(['opened disk_space critical', 'opened ram critical']);
  machine.host = { ...quietHost(), memory: null, filesystems: [] };
  expect(machine.pass(300)).toEqual([]);
  machine.host = { ...quietHost(), ...bad };
  expect(machine.pass(300)).toEqual([]);
  machine.host = { ...quietHost(), memory: null, filesystems: [] };
  expect(brief(machine.pass(900))).toEqual(['resolved disk_space critical', 'resolved ram critical']);
});

test('alerts and what was learned go on after a restart', () => {
  const before = new Machine();
  before.host = { ...before.host, memory: memory(95) };
  before.pass(60);
  const after = new Machine();
  after.now_ms = before.now_ms + 5_000;
  after.host = before.host;
  after.engine.restore(after.now_ms, before.open, before.engine.saveBaseline());
  expect(after.pass(600)).toEqual([]);
  expect(after.open.map(({ key }) => key)).toEqual(['ram:host']);
});

test('a snapshot of which nothing could be read is survived', () => {
  const machine = new Machine();
  machine.processes = [];
  machine.host = {
    ...quietHost(),
    cores: 0,
    memory: null,
    pressure: null,
    cpu: null,
    temperatures: [],
    disks: [],
    filesystems: [],
  };
  expect(machine.pass(600)).toEqual([]);
});

test('whatever happens to a machine: ids are opened once, resolved at most once, and texts are harmless', () => {
  const name = fc.constantFrom('yes', 'node', 'python3', 'bash', 'cc1plus', 'a\u001b[2J\nb', 'claude');
  const script = fc.constantFrom('', ' server.js', ' mcp_server.py', ' -c x', ' \u202emcp\u0007');
  const process = fc.record({
    name,
    script,
    state: fc.constantFrom('R', 'S', 'D', 'T', 'Z'),
    cpu: fc.constantFrom(null, 0, 50, 100, 300),
    rss: fc.constantFrom(0, 100 * MB, 3 * GB),
    anon: fc.constantFrom(null, 0, 200 * MB, 3 * GB),
    ofSession: fc.boolean(),
    count: fc.integer({ min: 1, max: 9 }),
  });
  const scene = fc.record({
    seconds: fc.constantFrom(10, 60, 300),
    step_s: fc.constantFrom(2, 10, 60),
    add: fc.array(process, { maxLength: 3 }),
    drop: fc.double({ min: 0, max: 1, noNaN: true }),
    ram: fc.constantFrom(30, 82, 95),
    free: fc.constantFrom(0, 20 * GB, 400 * GB),
    read_only: fc.boolean(),
    session: fc.constantFrom('start', 'wait', 'end', 'none'),
    oom: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(scene, { maxLength: 8 }), scenes => {
      const machine = new Machine();
      for (const { seconds, step_s, add, drop, ram, free, read_only, session, oom } of scenes) {
        machine.remove(machine.processes.slice(2, 2 + Math.floor(drop * (machine.processes.length - 2))));
        const living = machine.sessions.filter(({ alive }) => alive);
        if (session === 'start') machine.addSession();
        else if (session === 'wait') for (const one of living) one.state = 'WAITING';
        else if (session === 'end') for (const one of living) machine.endSession(one);
        const owner = machine.sessions.at(-1);
        for (const { name, script, state, cpu, rss, anon, ofSession, count } of add) {
          machine.many(count, {
            comm: name.slice(0, 15),
            cmdline: name + script,
            state,
            cpu_percent: cpu,
            rss_bytes: rss,
            anon_bytes: anon,
            session: ofSession && owner ? refOf(owner) : null,
          });
        }
        machine.host = {
          ...quietHost(),
          memory: memory(ram),
          filesystems: [filesystem({ available_bytes: free, read_only })],
        };
        const victim = machine.processes.at(-1)!;
        if (oom) {
          machine.events.push({
            type: 'oom_kill',
            time_ms: machine.now_ms,
            victim,
            session: victim.session,
            rss_bytes: null,
            cgroup: null,
            source: 'kernel',
          });
        }
        machine.pass(seconds, step_s);
      }
      const status = new Map<number, string>();
      for (const { type, alert } of machine.said) {
        expect(status.get(alert.id)).toBe(type === 'alert_opened' ? undefined : 'open');
        status.set(alert.id, alert.status);
        for (const text of [alert.title, alert.text, alert.subject.name, alert.subject.lineage ?? '']) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
          expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]|undefined|NaN|Infinity|\[object/);
        }
        expect(Object.values(alert.numbers).every(Number.isFinite)).toBe(true);
      }
      const open = [...status].filter(([, now]) => now === 'open').map(([id]) => id);
      expect(machine.open.map(({ id }) => id)).toEqual(open);
    }),
    { numRuns: 25 },
  );
});

test('an alert about processes that have all ended is over soon, however long its rule would wait', () => {
  const machine = new Machine();
  const leaks = machine.many(2, { comm: 'leaky', anon_bytes: 100 * MB });
  const grow = () => {
    for (const leak of leaks) leak.anon_bytes! += 25 * MB;
  };
  machine.pass(60);
  expect(brief(machine.pass(360, 10, grow))).toEqual(['opened memory_leak warning']);
  machine.remove(leaks.slice(0, 1));
  expect(machine.pass(20)).toEqual([]);
  machine.remove(leaks);
  expect(brief(machine.pass(20))).toEqual(['resolved memory_leak warning']);
});

test('what is whitelisted between two rules opens nothing', () => {
  const machine = new Machine();
  const { pid, start_ticks, uid, comm, cmdline } = machine.add({ comm: 'cat' });
  const speaks: AnyRule = {
    ...shell,
    id: 'swap',
    check: () => [
      {
        key: 'cat',
        severity: 'high',
        holds: true,
        for_ms: 0,
        clear_ms: 0,
        subject: {
          kind: 'processes',
          name: 'cat',
          uid,
          processes: [{ pid, start_ticks, uid, comm, cmdline }],
          session: null,
          lineage: null,
        },
        title: 'cat',
        text: 'cat',
        suggestion: null,
        numbers: {},
      },
    ],
  };
  let meanwhile = () => {};
  const between: AnyRule = {
    ...shell,
    id: 'ram',
    check() {
      meanwhile();
      return [];
    },
  };
  const engineOf = () => {
    let id = 0;
    return new RuleEngine({
      config: rulesConfig(),
      interval_ms: 10_000,
      self_pid: 2,
      nextId: () => ++id,
      onRuleError: (_, error) => expect.unreachable(String(error)),
      rules: [speaks, between],
    });
  };
  expect(brief(engineOf().evaluate(machine.snapshot()))).toEqual(['opened swap high']);
  const engine = engineOf();
  meanwhile = () => {
    engine.whitelist.use([{ id: 1, pattern: 'cat', match_type: 'name', reason: '', created_ms: 0 }]);
    engine.applyWhitelist(machine.now_ms);
  };
  expect(engine.evaluate(machine.snapshot())).toEqual([]);
});

test('a snapshot of 20,000 processes is taken in between everything else, with the same outcome', async () => {
  const machine = new Machine();
  const other = new Machine();
  machine.many(20_000, { comm: 'node' });
  machine.host = { ...machine.host, memory: memory(95) };
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const aside: string[] = [];
  const atOnce: string[] = [];
  for (let i = 0; i < 4; i++) {
    machine.now_ms += 20_000;
    const snapshot = machine.snapshot();
    atOnce.push(...brief(other.engine.evaluate(snapshot)));
    aside.push(...brief(await machine.engine.evaluateAside(snapshot)));
  }
  clearInterval(counting);
  expect(aside).toEqual(atOnce);
  expect(aside).toContain('opened ram critical');
  // Four times at once would be none.
  expect(turns).toBeGreaterThan(4);
});

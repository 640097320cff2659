import { describe, expect, test } from 'vitest';
import type { AlertChange } from '../../../src/model/alert.js';
import type { ProcessSample } from '../../../src/model/snapshot.js';
import { brief, GB, Machine, MB, memory, refOf } from '../machine.js';

const TOTAL = 24 * GB;
const BASE = 1 * GB;
/** From the tick of the guard's watch that sees memory go until it looks twice a second. */
const TICK_S = 1;

type Said = { t_s: number; change: AlertChange };

/** A machine of 24 GB that is looked at as the guard does: every 10 s, and twice a second while memory goes fast. */
class Filling {
  readonly machine = new Machine();
  readonly said: Said[] = [];
  /** Since the beginning. */
  t_s = 0;
  private used_bytes = BASE;
  private shmem_bytes = 0;

  constructor() {
    this.show();
    this.machine.pass(30);
  }

  /** @param each sets what the processes hold then, and answers what all of them hold, with its part in files */
  run(until_s: number, each: (t_s: number) => number | { bytes: number; files: number }): void {
    let step_s = TICK_S;
    while (this.t_s < until_s) {
      this.t_s += step_s;
      const before = this.used_bytes;
      const changes = this.machine.pass(step_s, step_s, () => {
        const held = each(this.t_s);
        const { bytes, files } = typeof held === 'number' ? { bytes: held, files: 0 } : held;
        this.used_bytes = BASE + bytes;
        this.shmem_bytes = files;
        this.show();
      });
      this.said.push(...changes.map(change => ({ t_s: this.t_s, change })));
      const pace = (this.used_bytes - before) / step_s;
      step_s = pace > 0 && (TOTAL - this.used_bytes) / pace < 90 ? 0.5 : 10;
    }
  }

  /** The first alert that named a process. */
  get named(): Said | undefined {
    return this.said.find(
      ({ change: { type, alert } }) => type === 'alert_opened' && alert.subject.processes.length > 0,
    );
  }

  get brief(): string[] {
    return brief(this.said.map(({ change }) => change));
  }

  private show(): void {
    this.machine.host.memory = memory(0, {
      total_bytes: TOTAL,
      used_bytes: this.used_bytes,
      available_bytes: Math.max(0, TOTAL - this.used_bytes),
      shmem_bytes: this.shmem_bytes,
      swap_total_bytes: 0,
    });
  }
}

const hold = (process: ProcessSample, bytes: number) => {
  process.rss_bytes = bytes;
  process.anon_bytes = bytes;
};

type Program = Partial<ProcessSample> & { comm: string };

const LEAK: Program = { comm: 'python3', cmdline: 'python3 /srv/app/train.py' };

/** One process that holds so much at each time; below parents, the outermost first. */
function one(program: Program, until_s: number, bytes: (t_s: number) => number, parents: Program[] = []) {
  const filling = new Filling();
  const { machine } = filling;
  const ppid = parents.reduce((above, parent) => machine.add({ sid: 900, ...parent, ppid: above }).pid, 1);
  const process = machine.add({ ppid, sid: 900, started_ms: machine.now_ms, ...program });
  filling.run(until_s, t_s => {
    hold(process, bytes(t_s));
    return process.rss_bytes;
  });
  return filling;
}

const SPEEDS = [25 * MB, 100 * MB, 300 * MB, GB];
const ROOM = TOTAL - BASE;
const endOf = (speed: number) => ROOM / speed;

describe('who would fill the machine is named 20 s before the end', () => {
  test.each(SPEEDS)('at %d bytes a second', speed => {
    const filling = one(LEAK, endOf(speed), t_s => Math.min(ROOM, speed * t_s));
    const { t_s, change } = filling.named!;
    expect(endOf(speed) - t_s).toBeGreaterThanOrEqual(20);
    expect(change.alert.title).toMatch(
      /^python3 app\/train\.py \(pid \d+\) (fills the memory|takes memory fast)$/,
    );
  });

  test.each(SPEEDS)('at %d bytes a second, by a process that was small and quiet for an hour', speed => {
    const filling = one(LEAK, 3600 + endOf(speed), t_s =>
      Math.min(ROOM, 200 * MB + speed * Math.max(0, t_s - 3600)),
    );
    const end_s = 3600 + (ROOM - 200 * MB) / speed;
    expect(end_s - filling.named!.t_s).toBeGreaterThanOrEqual(20 - 10 * Number(speed > 900 * MB));
  });

  test('with swap, by memory that is swapped out as well', () => {
    const filling = one({ ...LEAK, swap_bytes: 0 }, 80, t_s => Math.min(ROOM, 300 * MB * t_s));
    expect(filling.named).toBeDefined();
    const swapped = new Filling();
    const process = swapped.machine.add({ ...LEAK, started_ms: swapped.machine.now_ms });
    swapped.run(80, t_s => {
      const held = Math.min(ROOM, 300 * MB * t_s);
      hold(process, held / 4);
      process.swap_bytes = (held * 3) / 4;
      return held;
    });
    expect(swapped.named!.change.alert.subject.processes).toMatchObject([{ pid: process.pid }]);
  });

  test('several of a session that grow together are one alert, which names the session', () => {
    const filling = new Filling();
    const session = filling.machine.addSession();
    const tools = Array.from({ length: 6 }, (_, i) =>
      filling.machine.add({
        comm: `tool${i}`,
        ppid: session.pid,
        session: refOf(session),
        started_ms: filling.machine.now_ms,
      }),
    );
    filling.run(80, t_s => {
      for (const tool of tools) hold(tool, 50 * MB * t_s);
      return 300 * MB * t_s;
    });
    const { t_s, change } = filling.named!;
    expect(endOf(300 * MB) - t_s).toBeGreaterThanOrEqual(20);
    expect(change.alert.title).toBe('the Claude Code session in ~/shop fill the memory');
    expect(change.alert.subject.processes).toHaveLength(6);
  });

  test('a crowd of new processes of one program is named by it', () => {
    const filling = new Filling();
    const crowd: ProcessSample[] = [];
    filling.run(80, t_s => {
      while (crowd.length < 30 * t_s)
        crowd.push(
          filling.machine.add({ comm: 'worker', rss_bytes: 10 * MB, started_ms: filling.machine.now_ms }),
        );
      return crowd.length * 10 * MB;
    });
    expect(filling.named!.change.alert.title).toBe('worker fill the memory');
  });

  test('files in memory are named where no process holds what goes', () => {
    const filling = new Filling();
    filling.machine.add(LEAK);
    filling.run(70, t_s => ({ bytes: 300 * MB * t_s, files: 300 * MB * t_s }));
    const [first] = filling.said;
    expect(first!.change.alert.title).toBe('Files in memory (tmpfs) fill the memory');
  });

  test('growth that begins again after a pause is told anew', () => {
    const filling = one(LEAK, 400, t_s => {
      const rising = Math.min(4 * GB, GB * t_s);
      return t_s < 300 ? rising : Math.min(ROOM, rising + GB * (t_s - 300));
    });
    const opened = filling.said.filter(
      ({ change: { type, alert } }) => type === 'alert_opened' && alert.rule === 'memory_full_soon',
    );
    expect(opened.at(-1)!.change.alert.title).toContain('fills the memory');
    expect(opened.at(-1)!.change.quiet).toBeUndefined();
  });
});

describe('who takes much and stops is not accused', () => {
  const taking = (speed: number, most: number) => (t_s: number) => Math.min(most, speed * t_s);

  test.each(SPEEDS.filter(speed => speed < GB))('12 of 24 GB at %d bytes a second, whatever it is', speed => {
    expect(one(LEAK, (12 * GB) / speed + 600, taking(speed, 12 * GB)).brief).toEqual([]);
  });

  test.each<[string, Program, Program[]]>([
    ['a linker', { comm: 'ld', cmdline: '/usr/bin/ld -o a.out' }, []],
    [
      'a test of make’s',
      { comm: 'check', cmdline: './check' },
      [{ comm: 'make' }, { comm: 'sh', cmdline: 'sh -c ./check' }],
    ],
    [
      'a worker of vitest',
      { comm: 'node', cmdline: 'node /p/node_modules/vitest/dist/workers/forks.js' },
      [],
    ],
    ['a test of Go’s', { comm: 'shop.test', cmdline: '/tmp/go-build1/b001/shop.test' }, [{ comm: 'go' }]],
    ['pytest', { comm: 'pytest', cmdline: '/usr/bin/python3 /usr/bin/pytest' }, []],
    ['Java with -Xmx', { comm: 'java', cmdline: 'java -Xmx12g -jar server.jar' }, []],
    ['Node.js with a limit', { comm: 'node', cmdline: 'node --max-old-space-size=12288 load.js' }, []],
    ['with ulimit -v', { comm: 'load', room_bytes: 2 * GB }, []],
  ])('%s: 12 of 24 GB in 12 s', (_, program, parents) => {
    const filling = one(program, 120, taking(GB, 12 * GB), parents);
    expect(filling.brief).toEqual([]);
  });

  test('a jump of 2 GB; 6 GB in 3 s by a linker', () => {
    expect(one(LEAK, 60, taking(2 * GB, 2 * GB)).brief).toEqual([]);
    expect(one({ comm: 'ld.lld' }, 60, taking(2 * GB, 6 * GB)).brief).toEqual([]);
  });

  test('a heap that is collected: 8 GB up and down', () => {
    const saw = (t_s: number) => 2 * GB + (((t_s * 100 * MB) / GB) % 8) * GB;
    expect(one({ comm: 'node', cmdline: 'node server.js' }, 600, saw).brief).toEqual([]);
  });

  test('memory that gets less, and files that are mapped: what is left stays', () => {
    expect(one(LEAK, 60, t_s => Math.max(0, 12 * GB - 300 * MB * t_s)).brief).toEqual([]);
    const filling = new Filling();
    const reader = filling.machine.add({ ...LEAK, started_ms: filling.machine.now_ms });
    filling.run(60, t_s => {
      reader.rss_bytes = Math.min(20 * GB, GB * t_s);
      return 0;
    });
    expect(filling.brief).toEqual([]);
  });

  test('an early word is over soon after it stopped', () => {
    const filling = one(LEAK, 60, taking(GB, 5 * GB));
    expect(filling.brief).toEqual(['opened memory_full_soon high', 'resolved memory_full_soon high']);
    expect(filling.said.at(-1)!.t_s).toBeLessThan(20);
  });

  test('a program of its own session is no part of the test run that started it', () => {
    const filling = one({ ...LEAK, sid: 901 }, endOf(GB), taking(GB, ROOM), [{ comm: 'make' }]);
    expect(filling.named).toBeDefined();
    expect(endOf(GB) - filling.named!.t_s).toBeGreaterThanOrEqual(20);
  });

  test('but a build that goes on is told before it is too late', () => {
    const filling = one({ comm: 'ld' }, endOf(GB), taking(GB, ROOM));
    expect(filling.brief[0]).toBe('opened memory_full_soon critical');
  });
});

describe('below a limit', () => {
  const LIMIT = 2 * GB;
  const below = (speed: number, most: number, until_s: number, base = 0) => {
    const filling = new Filling();
    const { machine } = filling;
    const process = machine.add({ ...LEAK, started_ms: machine.now_ms });
    const snapshot = machine.snapshot.bind(machine);
    machine.snapshot = () => ({
      ...snapshot(),
      limits: [
        {
          path: '/docker/abc',
          limit_bytes: LIMIT,
          used_bytes: base + process.rss_bytes,
          swap_left_bytes: 0,
          pids: [process.pid],
        },
      ],
    });
    // As it is looked at where a limit is near.
    const said: Said[] = [];
    for (let t_s = 1; t_s <= until_s; t_s += 0.5) {
      const changes = machine.pass(0.5, 0.5, () => hold(process, Math.min(most, speed * t_s)));
      said.push(...changes.map(change => ({ t_s, change })));
    }
    return said;
  };

  test('the limit is the end', () => {
    const [first] = below(40 * MB, LIMIT, 51);
    expect(LIMIT / (40 * MB) - first!.t_s).toBeGreaterThanOrEqual(20);
    expect(first!.change.alert.text).toContain('the memory limit of /docker/abc');
  });

  test('a start that takes half of it at once is none', () => {
    expect(below(400 * MB, GB, 60)).toEqual([]);
  });
});

import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LineSplitter } from '../../../src/lib/text/lines.js';
import { complaints } from '../../../src/sources/kernel/bpftrace.js';
import { KernelClock } from '../../../src/sources/kernel/events/clock.js';
import { bytesFromHex } from '../../../src/sources/kernel/events/hex.js';
import { splitArgv } from '../../../src/sources/kernel/events/lifecycle.js';
import { Reorder } from '../../../src/sources/kernel/events/order.js';
import { SequenceCounter } from '../../../src/sources/kernel/events/sequence.js';
import { parseLine } from '../../../src/sources/kernel/events/stream.js';
import { specialise } from '../../../src/sources/kernel/program.js';
import { Clocks } from '../../clocks.js';

describe('parseLine', () => {
  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void parseLine(text)));
    fc.assert(fc.property(fc.json(), text => void parseLine(text)));
    fc.assert(
      fc.property(fc.constantFrom(...'FEAXOWSKH'), fc.string(), (kind, rest) => {
        parseLine(JSON.stringify({ type: 'printf', data: `${kind} ${rest}` }));
      }),
    );
  });
  it('takes a line only whole', () => {
    const line = (data: string) => parseLine(JSON.stringify({ type: 'printf', data })).type;
    expect(line('X 1 4714 8123458012345 2301 9 2200 9 62 61\n')).toBe('event');
    expect(line('X 1 4714 8123458012345 2301 0 0 0\n')).toBe('event');
    expect(line('X 1 4714 8123458012345 2301 9 2200')).toBe('unparsed');
    expect(line('X 1 4714 8123458012345 2301 9 2200 9 6z')).toBe('unparsed');
    expect(line('F -1 1 2 3 4')).toBe('unparsed');
    expect(line('K 1 9 2537160871020 3 1 22563 70 74 73 30 00')).toBe('event');
    expect(line('constructor 1 1 2 3 4')).toBe('unparsed');
    expect(parseLine('{"type": "map", "data": {"@seq": {"1": 3, "0": 7}}}')).toEqual({
      type: 'counts',
      counts: new Map([
        [0, 7],
        [1, 3],
      ]),
    });
  });
  it('gets any bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const words = [...bytes].map(byte => byte.toString(16).padStart(2, '0'));
        expect(bytesFromHex(words)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

it('splitArgv gets any arguments back', () => {
  const argument = fc.string().filter(text => !text.includes('\0') && !text.includes('\ufffd'));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1 }), argv => {
      fc.pre(argv.some(text => text !== ''));
      expect(splitArgv(Buffer.from(argv.map(text => `${text}\0`).join('')))).toEqual(argv);
    }),
  );
});

it('LineSplitter does not mind how the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 30 })), fc.array(fc.nat(40)), (texts, cuts) => {
      const lines = texts.map(text => text.replaceAll('\n', ''));
      const stream = lines.map(line => `${line}\n`).join('');
      const got: (string | null)[] = [];
      const splitter = new LineSplitter(line => got.push(line), 20);
      let at = 0;
      for (const cut of cuts) {
        splitter.push(stream.slice(at, at + cut));
        at += cut;
      }
      splitter.push(stream.slice(at));
      expect(got).toEqual(lines.map(line => (line.length > 20 ? null : line)));
    }),
  );
});

describe('SequenceCounter', () => {
  it('counts each lost line once, wherever it stood', () => {
    const cpu = fc.array(fc.boolean(), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(cpu, { maxLength: 4 }), cpus => {
        const counter = new SequenceCounter(900);
        const counts = new Map<number, number>();
        for (const [id, arrived] of cpus.entries()) {
          for (const [i, here] of arrived.entries()) if (here) counter.line(id, i + 1);
          counts.set(id, arrived.length);
        }
        counter.heartbeat(counts, 0);
        counter.heartbeat(counts, 1_000);
        const lines = cpus.flat();
        expect(counter.received).toBe(lines.filter(Boolean).length);
        expect(counter.lost).toBe(lines.filter(here => !here).length);
      }),
    );
  });
  it('is patient with lines that are on their way', () => {
    const counter = new SequenceCounter(900);
    counter.line(0, 1);
    expect(counter.heartbeat(new Map([[0, 3]]), 0)).toBe(0);
    expect(counter.heartbeat(new Map([[0, 3]]), 100)).toBe(0);
    counter.line(0, 2);
    counter.line(0, 3);
    expect(counter.heartbeat(new Map([[0, 3]]), 1_000)).toBe(0);
    expect(counter.lost).toBe(0);
  });
  it('takes back what comes late', () => {
    const counter = new SequenceCounter();
    expect(counter.line(0, 3)).toBe(2);
    counter.line(0, 1);
    expect(counter).toMatchObject({ received: 2, lost: 1 });
  });
});

describe('KernelClock', () => {
  const HOUR_MS = 3_600_000;

  it('is vigil’s clock, however late a line arrives', () => {
    const clocks = new Clocks();
    const vigil = clocks.clock();
    const clock = new KernelClock(vigil);
    const [nsecs, happened_ms] = [clocks.monotonic_ms * 1e6, vigil.now()];
    clocks.passes(300);
    clock.sample(nsecs);
    expect(clock.time_ms(nsecs)).toBeCloseTo(happened_ms, 2);
  });

  it.each(['monotonic_ms', 'boottime_ms'] as const)('follows %s through the machine’s sleep', source => {
    const clocks = new Clocks(HOUR_MS);
    const vigil = clocks.clock();
    const clock = new KernelClock(vigil);
    const line = () => {
      const nsecs = clocks[source] * 1e6;
      clock.sample(nsecs);
      return clock.time_ms(nsecs);
    };
    expect(line()).toBeCloseTo(vigil.now(), 2);
    for (let night = 0; night < 3; night++) {
      const before_ms = vigil.now();
      clocks.passes(5);
      const inThePipe = clocks[source] * 1e6;
      clocks.sleeps(8 * HOUR_MS).passes(5);
      // What was written down before is read after: it must not come out of order, nor out of the future.
      clock.sample(inThePipe);
      const late_ms = clock.time_ms(inThePipe);
      expect(late_ms).toBeGreaterThan(before_ms);
      expect(late_ms).toBeLessThan(vigil.now());
      expect(line()).toBeCloseTo(vigil.now(), 2);
      clocks.passes(7);
      expect(line()).toBeCloseTo(vigil.now(), 2);
    }
  });
});

describe('specialise', () => {
  const fill = (text: string, pid: string, version: string, n_tty_data = '') =>
    specialise(text, { structs: { pid, n_tty_data }, version });
  it('knows both shapes of struct pid', () => {
    expect(fill('- VIGIL_PID_TAIL', 'struct upid numbers[1];', '0.17.0')).toBe('- sizeof(struct upid)');
    expect(fill('- VIGIL_PID_TAIL', 'struct upid numbers[0];', '0.17.0')).toBe('- 0');
  });
  it('knows where the ring of a terminal stands', () => {
    const members = (...lines: string[]) => `struct n_tty_data {\n${lines.map(l => `\t${l}\n`).join('')}};\n`;
    const linux6 = members(
      'size_t read_head;',
      'size_t commit_head;',
      'size_t canon_head;',
      'size_t echo_head;',
      'size_t echo_commit;',
      'size_t echo_mark;',
      'long unsigned int char_map[4];',
      'long unsigned int overrun_time;',
      'unsigned int num_overrun;',
      'bool no_room;',
      'unsigned char lnext: 1;',
      'unsigned char erasing: 1;',
      'unsigned char raw: 1;',
      'unsigned char real_raw: 1;',
      'unsigned char icanon: 1;',
      'unsigned char push: 1;',
      'u8 read_buf[4096];',
      'long unsigned int read_flags[64];',
    );
    expect(fill('+ VIGIL_READ_BUF', '', '0.17.0', linux6)).toBe('+ 94');
    expect(fill('+ VIGIL_READ_BUF', '', '0.17.0', linux6.replace('\tbool no_room;\n', ''))).toBe('+ 93');
    const longer = linux6.replace('bool no_room;', 'bool no_room;\n\tsize_t another;');
    expect(fill('+ VIGIL_READ_BUF', '', '0.17.0', longer)).toBe('+ 105');
    // Something new in front of it, or no BTF at all: as usual.
    for (const unknown of [linux6.replace('size_t echo_mark', 'struct x echo_mark'), '']) {
      expect(fill('+ VIGIL_READ_BUF', '', '0.17.0', unknown)).toBe('+ 94');
    }
  });
  it.each([
    ['0.17.0', 'kfunc', 'kretfunc'],
    ['0.21.3', 'kfunc', 'kretfunc'],
    ['0.22.0', 'fentry', 'fexit'],
    ['0.27.1', 'fentry', 'fexit'],
    ['1.0.0', 'fentry', 'fexit'],
  ])('knows what bpftrace %s calls the probes', (version, fentry, fexit) => {
    expect(fill('VIGIL_FENTRY:f VIGIL_FEXIT:f', '', version)).toBe(`${fentry}:f ${fexit}:f`);
  });
});

it('complaints leaves out what is harmless', () => {
  expect(complaints("ERROR: couldn't set RLIMIT_MEMLOCK for bpftrace\nWARNING: x\nERROR: no\n")).toBe(
    'ERROR: no',
  );
});

describe('Reorder', () => {
  const open = () => {
    vi.useFakeTimers();
    const got: number[] = [];
    return {
      got,
      order: new Reorder<{ type: string; time_ms: number }>(event => got.push(event.time_ms), 8),
    };
  };
  afterEach(() => vi.useRealTimers());

  it('sorts what comes within the window', () => {
    const { got, order } = open();
    for (const time_ms of [2, 1, 3]) order.push({ type: 'key', time_ms });
    vi.advanceTimersByTime(10);
    expect(got).toEqual([1, 2, 3]);
  });
  it('gives each event its wait', () => {
    const { got, order } = open();
    order.push({ type: 'key', time_ms: 1 });
    vi.advanceTimersByTime(7);
    order.push({ type: 'key', time_ms: 9 });
    vi.advanceTimersByTime(3);
    order.push({ type: 'key', time_ms: 8 });
    vi.advanceTimersByTime(30);
    expect(got).toEqual([1, 8, 9]);
  });
  it('passes on what comes too late, but not what a process did after its end', () => {
    vi.useFakeTimers();
    const got: string[] = [];
    const order = new Reorder<{ type: string; time_ms: number; pid: number }>(
      event => got.push(`${event.type} ${event.pid}`),
      4,
    );
    order.push({ type: 'exit', time_ms: 5, pid: 1 });
    vi.advanceTimersByTime(10);
    order.push({ type: 'fork', time_ms: 4, pid: 1 });
    order.push({ type: 'fork', time_ms: 4, pid: 2 });
    order.push({ type: 'fork', time_ms: 6, pid: 1 });
    vi.advanceTimersByTime(10);
    expect(got).toEqual(['exit 1', 'fork 2', 'fork 1']);
  });
  it('lets nobody end as long as something older may come', () => {
    vi.useFakeTimers();
    let isBehind = true;
    const got: string[] = [];
    const order = new Reorder<{ type: string; time_ms: number; pid: number }>(
      event => got.push(`${event.type} ${event.pid} ${event.time_ms}`),
      4,
      undefined,
      () => isBehind,
    );
    order.push({ type: 'exit', time_ms: 5, pid: 1 });
    order.push({ type: 'fork', time_ms: 6, pid: 1 });
    order.push({ type: 'fork', time_ms: 7, pid: 2 });
    vi.advanceTimersByTime(200);
    expect(got).toEqual(['fork 2 7']);
    order.push({ type: 'fork', time_ms: 3, pid: 1 });
    // It came to rest, and what it said last is still to be read.
    setTimeout(() => {
      isBehind = false;
      setImmediate(() => order.push({ type: 'exec', time_ms: 4, pid: 1 }));
    }, 20);
    vi.advanceTimersByTime(40);
    expect(got.slice(1)).toEqual(['fork 1 3', 'exec 1 4', 'exit 1 5', 'fork 1 6']);
    // One that never comes to rest is not waited for.
    isBehind = true;
    order.push({ type: 'exit', time_ms: 50, pid: 2 });
    vi.advanceTimersByTime(500);
    expect(got).toHaveLength(5);
    vi.advanceTimersByTime(5_000);
    expect(got.at(-1)).toBe('exit 2 50');
    // Nor is it when too many wait.
    for (let pid = 100; pid < 5_000; pid++) order.push({ type: 'exit', time_ms: pid, pid });
    vi.advanceTimersByTime(100);
    expect(got.length).toBeGreaterThan(4_000);
  });
  it('hands out everything when asked', () => {
    const { got, order } = open();
    order.push({ type: 'key', time_ms: 2 });
    order.push({ type: 'key', time_ms: 1 });
    order.flush();
    expect(got).toEqual([1, 2]);
  });
});

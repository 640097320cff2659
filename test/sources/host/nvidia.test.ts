import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { NotHere, type Part } from '../../../src/sources/host/collector.js';
import { NvidiaCollector } from '../../../src/sources/host/gpu/nvidia.js';
import { loadNvml } from '../../../src/sources/host/gpu/nvml.js';
import { tree } from './tree.js';

const source = fileURLToPath(new URL('./fixtures/fake-nvml.c', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vigil-nvml-'));
const library = (name: string) => join(folder, `libnvidia-ml-${name}.so.1`);
const collectors: NvidiaCollector[] = [];

beforeAll(() => {
  for (const [name, flags] of [
    ['new', []],
    ['old', ['-DOLD']],
  ] as const) {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', ...flags, '-o', library(name), source]);
  }
});
afterEach(async () => {
  for (const collector of collectors.splice(0)) await collector.stop();
  for (const name of ['FAKE_NVML_INIT', 'FAKE_NVML_HANG', 'FAKE_NVML_LOST']) delete process.env[name];
});
afterAll(() => rmSync(folder, { recursive: true }));

function make(name: string): NvidiaCollector {
  const collector = new NvidiaCollector(() => loadNvml(['/no/such/libnvidia-ml.so.1', library(name)]));
  collectors.push(collector);
  return collector;
}

/** Rounds until one says something. */
async function firstPart(collector: NvidiaCollector, roots = tree()): Promise<Part> {
  return vi.waitFor(
    () => {
      const part = collector.collect({ roots, now_ms: 0 });
      if (part === null) throw new Error('nothing yet');
      return part;
    },
    { timeout: 5_000, interval: 20 },
  );
}

/** Rounds until one throws. */
async function firstError(collector: NvidiaCollector): Promise<unknown> {
  return vi.waitFor(
    () => {
      try {
        collector.collect({ roots: tree(), now_ms: 0 });
      } catch (error) {
        return error;
      }
      throw new Error('no error yet');
    },
    { timeout: 5_000, interval: 20 },
  );
}

describe.each(['new', 'old'])('NVML, a %s library', name => {
  it('tells everything of one GPU, and of the other that it supports nothing', async () => {
    const { gpus } = await firstPart(make(name));
    expect(gpus).toHaveLength(2);
    expect(gpus![0]).toMatchObject({
      id: 'nvidia0',
      vendor: 'nvidia',
      name: 'NVIDIA GeForce RTX 4090',
      busy_percent: 87,
      vram_total_bytes: 25_757_220_864,
      vram_used_bytes: 20_757_220_864,
      celsius: 83,
      power_watts: 312.5,
    });
    expect(gpus![1]).toEqual({
      id: 'nvidia1',
      vendor: 'nvidia',
      name: 'NVIDIA T400',
      busy_percent: null,
      vram_total_bytes: null,
      vram_used_bytes: null,
      celsius: null,
      power_watts: null,
      processes: [],
    });
  });

  it('lists more processes than first thought, each once, with its memory where that is known', async () => {
    const { processes } = (await firstPart(make(name))).gpus![0]!;
    expect(processes).toHaveLength(101);
    expect(processes.find(({ pid }) => pid === 1000)?.vram_bytes).toBe(1_048_576);
    expect(processes.find(({ pid }) => pid === 1099)?.vram_bytes).toBe(104_857_600);
    expect(processes.find(({ pid }) => pid === 77)?.vram_bytes).toBeNull();
  });
});

describe('NVML in trouble', () => {
  it('no library: not here', () => {
    const collector = new NvidiaCollector(() => loadNvml(['/no/such/libnvidia-ml.so.1', 'libc.so.6']));
    expect(() => collector.collect({ roots: tree(), now_ms: 0 })).toThrow(NotHere);
  });

  it.each([
    ['9', 'not loaded'],
    ['18', 'different versions'],
    ['4', 'refuses'],
  ])('nvmlInit says %s: not here, with what to do', async (code, words) => {
    process.env.FAKE_NVML_INIT = code;
    const error = await firstError(make('new'));
    expect(error).toBeInstanceOf(NotHere);
    expect((error as NotHere).message).toContain(words);
  });

  it('an unknown code is a failure', async () => {
    process.env.FAKE_NVML_INIT = '999';
    const error = await firstError(make('new'));
    expect(error).not.toBeInstanceOf(NotHere);
    expect(String(error)).toContain('999');
  });

  it('GPUs that are lost are a failure until they are back', async () => {
    const flag = join(folder, 'lost');
    process.env.FAKE_NVML_LOST = flag;
    writeFileSync(flag, '');
    const collector = make('new');
    expect(String(await firstError(collector))).toContain('15');
    rmSync(flag);
    expect((await firstPart(collector)).gpus).toHaveLength(2);
  });

  it('a driver that does not answer holds up nobody, and is said after twenty seconds', async () => {
    process.env.FAKE_NVML_HANG = '1.5';
    const collector = make('new');
    const roots = tree();
    expect(collector.collect({ roots, now_ms: 0 })).toBeNull();
    expect(collector.collect({ roots, now_ms: 10_000 })).toBeNull();
    expect(() => collector.collect({ roots, now_ms: 30_000 })).toThrow('has not answered');
    delete process.env.FAKE_NVML_HANG;
    await vi.waitFor(() => expect(collector.collect({ roots, now_ms: 40_000 })?.gpus).toHaveLength(2), {
      timeout: 5_000,
      interval: 50,
    });
  });

  it('GPUs that all sleep are not woken', () => {
    const device = 'sys/bus/pci/drivers/nvidia/0000:01:00.0';
    const roots = tree({ [`${device}/power/runtime_status`]: 'suspended\n' });
    const call = vi.fn(async () => 0);
    const collector = new NvidiaCollector(() => ({ has: () => true, call }));
    expect(collector.collect({ roots, now_ms: 0 })).toBeNull();
    expect(call).not.toHaveBeenCalled();
    roots.write({ [`${device}/power/runtime_status`]: 'active\n' });
    collector.collect({ roots, now_ms: 10_000 });
    expect(call).toHaveBeenCalled();
  });
});

import { describe, expect, it } from 'vitest';
import { NotHere } from '../../../src/sources/host/collector.js';
import { AmdCollector } from '../../../src/sources/host/gpu/amd.js';
import { IntelCollector } from '../../../src/sources/host/gpu/intel.js';
import { ask, tree } from './tree.js';

const amd = {
  'sys/class/drm/card1/device/vendor': '0x1002\n',
  'sys/class/drm/card1/device/device': '0x744c\n',
  'sys/class/drm/card1/device/gpu_busy_percent': '42\n',
  'sys/class/drm/card1/device/mem_info_vram_total': '25753026560\n',
  'sys/class/drm/card1/device/mem_info_vram_used': '1234567168\n',
  'sys/class/drm/card1/device/power/runtime_status': 'active\n',
  'sys/class/drm/card1/device/hwmon/hwmon3/temp1_input': '61000\n',
  'sys/class/drm/card1/device/hwmon/hwmon3/power1_average': '95000000\n',
  // An output of the card, and a card of another vendor.
  'sys/class/drm/card1-DP-1/device/vendor': '0x1002\n',
  'sys/class/drm/card0/device/vendor': '0x8086\n',
};

describe('AMD', () => {
  it('tells what amdgpu shows', () => {
    expect(ask(new AmdCollector(), tree(amd), 0).gpus).toEqual([
      {
        id: 'card1',
        vendor: 'amd',
        name: 'AMD GPU 744c',
        busy_percent: 42,
        vram_total_bytes: 25_753_026_560,
        vram_used_bytes: 1_234_567_168,
        celsius: 61,
        power_watts: 95,
        processes: [],
      },
    ]);
  });

  it('lets a card sleep, and does without what a model lacks', () => {
    const asleep = tree({ ...amd, 'sys/class/drm/card1/device/power/runtime_status': 'suspended\n' });
    expect(ask(new AmdCollector(), asleep, 0).gpus?.[0]).toMatchObject({ busy_percent: 0, celsius: null });
    const bare = tree({
      'sys/class/drm/card0/device/vendor': '0x1002\n',
      'sys/class/drm/card0/device/product_name': 'Radeon PRO W7900\n',
    });
    expect(ask(new AmdCollector(), bare, 0).gpus?.[0]).toMatchObject({
      name: 'Radeon PRO W7900',
      busy_percent: null,
      vram_total_bytes: null,
      power_watts: null,
    });
  });

  it('is absent without such a card', () => {
    expect(() => ask(new AmdCollector(), tree(), 0)).toThrow(NotHere);
  });
});

describe('Intel', () => {
  it.each([
    ['i915', 'gt/gt0/rc6_residency_ms'],
    ['an older i915', 'power/rc6_residency_ms'],
    ['xe', 'device/tile0/gt0/gtidle/idle_residency_ms'],
  ])('tells how long it was awake: %s', (_, file) => {
    const path = `sys/class/drm/card0/${file}`;
    const roots = tree({
      'sys/class/drm/card0/device/vendor': '0x8086\n',
      'sys/class/drm/card0/device/device': '0x46a6\n',
      [path]: '1000\n',
    });
    const collector = new IntelCollector();
    expect(ask(collector, roots, 0).gpus?.[0]).toMatchObject({ name: 'Intel GPU 46a6', busy_percent: null });
    roots.write({ [path]: '8000\n' });
    expect(ask(collector, roots, 10_000).gpus?.[0]?.busy_percent).toBeCloseTo(30);
  });

  it('counts the energy of a discrete card', () => {
    const energy = 'sys/class/drm/card0/device/hwmon/hwmon1/energy1_input';
    const roots = tree({ 'sys/class/drm/card0/device/vendor': '0x8086\n', [energy]: '5000000\n' });
    const collector = new IntelCollector();
    expect(ask(collector, roots, 0).gpus?.[0]?.power_watts).toBeNull();
    roots.write({ [energy]: '755000000\n' });
    expect(ask(collector, roots, 10_000).gpus?.[0]?.power_watts).toBe(75);
  });

  it('is absent without such a card', () => {
    expect(() => ask(new IntelCollector(), tree(), 0)).toThrow(NotHere);
  });
});

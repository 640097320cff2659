import { type Collector, type Context, defineCollector, NotHere, type Part } from '../collector.js';
import { perSecond } from '../rate.js';
import { tryReadNumber } from '../read.js';
import { type Card, celsius, findCards, isAsleep, modelName, watts } from './cards.js';
import { GPU_FIELDS, GPU_FIGURES, type GpuSample, type GpuSlice, NO_GPUS } from './slice.js';

const VENDOR = '0x8086';

/** Milliseconds that the first engine block slept: newer i915, older i915, xe. */
const IDLE_FILES = [
  'gt/gt0/rc6_residency_ms',
  'power/rc6_residency_ms',
  'device/tile0/gt0/gtidle/idle_residency_ms',
];

interface Before {
  now_ms: number;
  idle_ms: number | null;
  energy_uj: number | null;
}

/**
 * Intel GPUs, through what i915 and xe show in sysfs. That is not how busy the engines are, but how long they
 * slept: what is shown as busy is the share of the time in which they were awake. Memory is not told.
 */
export class IntelCollector implements Collector<GpuSlice> {
  private before = new Map<string, Before>();

  collect({ roots, now_ms }: Context): Part<GpuSlice> {
    const cards = findCards(roots, VENDOR);
    if (cards.length === 0) throw new NotHere('no Intel GPU', 'needed for Intel GPUs only: load i915 or xe');
    const { before } = this;
    this.before = new Map();
    return { gpus: cards.map(card => this.read(card, before.get(card.id), now_ms)) };
  }

  private read(card: Card, before: Before | undefined, now_ms: number): GpuSample {
    const awake = !isAsleep(card);
    const now: Before = {
      now_ms,
      idle_ms: awake ? firstNumber(card.path, IDLE_FILES) : null,
      // Discrete ones count what they used, in millionths of a joule.
      energy_uj: awake && card.hwmon !== null ? tryReadNumber(`${card.hwmon}/energy1_input`) : null,
    };
    this.before.set(card.id, now);
    const rate = (was: number | null | undefined, is: number | null) =>
      is === null ? null : perSecond(was ?? undefined, is, now_ms - (before?.now_ms ?? now_ms));
    const idle_ms_per_s = rate(before?.idle_ms, now.idle_ms);
    const energy_uj_per_s = rate(before?.energy_uj, now.energy_uj);
    return {
      id: card.id,
      vendor: 'intel',
      name: modelName(card, 'Intel'),
      busy_percent: awake ? awakeShare(idle_ms_per_s) : 0,
      vram_total_bytes: null,
      vram_used_bytes: null,
      celsius: awake ? celsius(card) : null,
      power_watts: energy_uj_per_s === null ? (awake ? watts(card) : null) : energy_uj_per_s / 1e6,
      processes: [],
    };
  }
}

function awakeShare(idle_ms_per_s: number | null): number | null {
  return idle_ms_per_s === null ? null : Math.min(100, Math.max(0, 100 - idle_ms_per_s / 10));
}

function firstNumber(folder: string, files: readonly string[]): number | null {
  for (const file of files) {
    const value = tryReadNumber(`${folder}/${file}`);
    if (value !== null) return value;
  }
  return null;
}

export const intelCollector = defineCollector({
  id: 'gpu-intel',
  describe: 'Intel GPUs, through sysfs.',
  fields: GPU_FIELDS,
  empty: NO_GPUS,
  at_least_ms: 5_000,
  figures: GPU_FIGURES,
  create: () => new IntelCollector(),
});

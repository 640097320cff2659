import { type Collector, type Context, defineCollector, NotHere, type Part } from '../collector.js';
import { tryReadNumber } from '../read.js';
import { type Card, celsius, findCards, isAsleep, modelName, watts } from './cards.js';
import { GPU_FIELDS, GPU_FIGURES, type GpuSample, type GpuSlice, NO_GPUS } from './slice.js';

const VENDOR = '0x1002';

/** AMD GPUs, through what amdgpu shows in sysfs: Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst. */
export class AmdCollector implements Collector<GpuSlice> {
  collect({ roots }: Context): Part<GpuSlice> {
    const cards = findCards(roots, VENDOR);
    if (cards.length === 0) throw new NotHere('no AMD GPU', 'needed for AMD GPUs only: load amdgpu');
    return { gpus: cards.map(readAmd) };
  }
}

function readAmd(card: Card): GpuSample {
  const awake = !isAsleep(card);
  const number = (file: string) => (awake ? tryReadNumber(`${card.device}/${file}`) : null);
  return {
    id: card.id,
    vendor: 'amd',
    name: modelName(card, 'AMD'),
    busy_percent: awake ? number('gpu_busy_percent') : 0,
    vram_total_bytes: number('mem_info_vram_total'),
    vram_used_bytes: number('mem_info_vram_used'),
    celsius: awake ? celsius(card) : null,
    power_watts: awake ? watts(card) : null,
    processes: [],
  };
}

export const amdCollector = defineCollector({
  id: 'gpu-amd',
  describe: 'AMD GPUs, through sysfs.',
  fields: GPU_FIELDS,
  empty: NO_GPUS,
  at_least_ms: 5_000,
  figures: GPU_FIGURES,
  create: () => new AmdCollector(),
});

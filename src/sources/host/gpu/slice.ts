import { z } from 'zod';
import { type Figure, max, sum } from '../../../model/figure.js';
import { bytes, type FieldTypes, list, pid, text } from '../../../model/schema.js';

const gpu = z
  .strictObject({
    id: text.describe('e.g. `nvidia0`, `card1`'),
    vendor: z.enum(['nvidia', 'amd', 'intel']),
    name: text,
    busy_percent: z.number().nullable().describe('Intel: the share of time in which it was awake'),
    vram_total_bytes: bytes.nullable(),
    vram_used_bytes: bytes.nullable(),
    celsius: z.number().nullable(),
    power_watts: z.number().nullable(),
    processes: list(z.strictObject({ pid, vram_bytes: bytes.nullable() })),
  })
  .meta({ id: 'GpuSample' });
export type GpuSample = z.infer<typeof gpu>;

/** Of all makers together. */
export const GPU_FIELDS = { gpus: list(gpu) };
export type GpuSlice = FieldTypes<typeof GPU_FIELDS>;

declare module '../../../model/snapshot.js' {
  interface HostSample extends GpuSlice {}
}

export const NO_GPUS: GpuSlice = { gpus: [] };

export const GPU_FIGURES: readonly Figure[] = [
  { name: 'gpu_busy_percent', of: ({ host }) => max(host.gpus.map(gpu => gpu.busy_percent)) },
  { name: 'gpu_vram_used_bytes', of: ({ host }) => sum(host.gpus.map(gpu => gpu.vram_used_bytes)) },
  { name: 'gpu_celsius', of: ({ host }) => max(host.gpus.map(gpu => gpu.celsius)) },
];

import { type Figure, max, sum } from '../../../model/figure.js';

export interface GpuSample {
  /** e.g. `nvidia0`, `card1`. */
  id: string;
  vendor: 'nvidia' | 'amd' | 'intel';
  name: string;
  /** Intel: the share of time in which it was awake. */
  busy_percent: number | null;
  vram_total_bytes: number | null;
  vram_used_bytes: number | null;
  celsius: number | null;
  power_watts: number | null;
  processes: readonly { pid: number; vram_bytes: number | null }[];
}

/** Of all makers together. */
export interface GpuSlice {
  gpus: readonly GpuSample[];
}

declare module '../../../model/snapshot.js' {
  interface HostSample extends GpuSlice {}
}

export const NO_GPUS: GpuSlice = { gpus: [] };

export const GPU_FIGURES: readonly Figure[] = [
  { name: 'gpu_busy_percent', of: ({ host }) => max(host.gpus.map(gpu => gpu.busy_percent)) },
  { name: 'gpu_vram_used_bytes', of: ({ host }) => sum(host.gpus.map(gpu => gpu.vram_used_bytes)) },
  { name: 'gpu_celsius', of: ({ host }) => max(host.gpus.map(gpu => gpu.celsius)) },
];

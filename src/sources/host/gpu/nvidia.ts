import { Background } from '../background.js';
import {
  type Collector,
  type Context,
  defineCollector,
  NotHere,
  type Part,
  type Roots,
} from '../collector.js';
import { tryList, tryReadText } from '../read.js';
import { NvmlError, nvmlProblem, readGpus } from './nvidia-read.js';
import { loadNvml, NVML, type Nvml } from './nvml.js';
import { GPU_FIELDS, GPU_FIGURES, type GpuSample, type GpuSlice, NO_GPUS } from './slice.js';

/** Known troubles of the driver make nvidia-smi hang for ever. */
const LIMIT_MS = 20_000;
/** These mean that nothing will come of it before somebody changes something. */
const ABSENT: readonly number[] = [NVML.DRIVER_NOT_LOADED, NVML.NO_PERMISSION, NVML.VERSION_MISMATCH];

/** NVIDIA GPUs, through the library that comes with their driver. What it shows was read a round earlier. */
export class NvidiaCollector implements Collector<GpuSlice> {
  private nvml: Nvml | null = null;
  private ready = false;
  private readonly gpus = new Background(
    () => this.read(),
    LIMIT_MS,
    `the NVIDIA driver has not answered for ${LIMIT_MS / 1000} s: see the kernel log for Xid messages`,
  );

  constructor(private readonly load: () => Nvml | null = loadNvml) {}

  collect({ roots, now_ms }: Context): Part<GpuSlice> | null {
    this.nvml ??= this.load();
    if (this.nvml === null) {
      throw new NotHere('no NVIDIA driver library (libnvidia-ml.so.1)', 'needed for NVIDIA GPUs only');
    }
    // Asking would wake a laptop's second GPU.
    if (areAsleep(roots)) return null;
    const gpus = this.gpus.take(now_ms);
    return gpus === null ? null : { gpus };
  }

  async stop(): Promise<void> {
    // Not waited for: a driver in trouble must not keep vigil from ending.
    if (this.ready) void this.nvml?.call('nvmlShutdown').catch(() => {});
  }

  private async read(): Promise<GpuSample[]> {
    const nvml = this.nvml!;
    try {
      if (!this.ready) {
        const code = await nvml.call('nvmlInit_v2');
        if (code !== NVML.SUCCESS) throw new NvmlError(code);
        this.ready = true;
      }
      return await readGpus(nvml);
    } catch (error) {
      if (!(error instanceof NvmlError)) throw error;
      if (this.ready) await nvml.call('nvmlShutdown');
      this.ready = false;
      if (ABSENT.includes(error.code)) throw new NotHere(error.message, nvmlProblem(error.code).advice);
      throw error;
    }
  }
}

/** Whether there are NVIDIA GPUs and all of them sleep (Documentation/power/runtime_pm.rst). */
function areAsleep(roots: Roots): boolean {
  const folder = `${roots.sys}/bus/pci/drivers/nvidia`;
  const devices = tryList(folder).filter(name => /^[0-9a-f]{4,}:/.test(name));
  const sleeping = devices.filter(
    name => tryReadText(`${folder}/${name}/power/runtime_status`)?.trim() === 'suspended',
  );
  return devices.length > 0 && sleeping.length === devices.length;
}

export const nvidiaCollector = defineCollector({
  id: 'gpu-nvidia',
  describe: 'NVIDIA GPUs, through the library of their driver.',
  fields: GPU_FIELDS,
  empty: NO_GPUS,
  at_least_ms: 5_000,
  figures: GPU_FIGURES,
  create: () => new NvidiaCollector(),
});

import type { LibraryHandle } from 'koffi';
import { loadKoffi } from '../../../lib/os/libc.js';

/**
 * The functions of NVIDIA's management library that are needed here: NVML API Reference Guide, nvml.h. Each fills
 * buffers and returns a code. They run on a thread: a driver in trouble can keep them for minutes.
 */
export interface Nvml {
  call(name: NvmlFunction, ...args: unknown[]): Promise<number>;
  has(name: NvmlFunction): boolean;
}

/** nvmlReturn_t */
export const NVML = {
  SUCCESS: 0,
  UNINITIALIZED: 1,
  NOT_SUPPORTED: 3,
  NO_PERMISSION: 4,
  INSUFFICIENT_SIZE: 7,
  DRIVER_NOT_LOADED: 9,
  GPU_IS_LOST: 15,
  VERSION_MISMATCH: 18,
} as const;

// A device's handle is a pointer, which on the 64-bit platforms that Node runs on is passed as a number is.
const FUNCTIONS = {
  nvmlInit_v2: '',
  nvmlShutdown: '',
  nvmlDeviceGetCount_v2: 'void *',
  nvmlDeviceGetHandleByIndex_v2: 'uint32_t, void *',
  nvmlDeviceGetName: 'uint64_t, void *, uint32_t',
  nvmlDeviceGetUtilizationRates: 'uint64_t, void *',
  nvmlDeviceGetMemoryInfo: 'uint64_t, void *',
  nvmlDeviceGetTemperature: 'uint64_t, uint32_t, void *',
  nvmlDeviceGetPowerUsage: 'uint64_t, void *',
  nvmlDeviceGetComputeRunningProcesses: 'uint64_t, void *, void *',
  nvmlDeviceGetComputeRunningProcesses_v2: 'uint64_t, void *, void *',
  nvmlDeviceGetComputeRunningProcesses_v3: 'uint64_t, void *, void *',
  nvmlDeviceGetGraphicsRunningProcesses: 'uint64_t, void *, void *',
  nvmlDeviceGetGraphicsRunningProcesses_v2: 'uint64_t, void *, void *',
  nvmlDeviceGetGraphicsRunningProcesses_v3: 'uint64_t, void *, void *',
} as const;
export type NvmlFunction = keyof typeof FUNCTIONS;

/** By the loader's path, as NixOS has it, as WSL has it. */
export const NVML_LIBRARIES = [
  'libnvidia-ml.so.1',
  '/run/opengl-driver/lib/libnvidia-ml.so.1',
  '/usr/lib/wsl/lib/libnvidia-ml.so.1',
];

/** Null where the library cannot be loaded. A function that an old one lacks is just not there. */
export function loadNvml(libraries: readonly string[] = NVML_LIBRARIES): Nvml | null {
  for (const path of libraries) {
    try {
      return bind(loadKoffi().load(path));
    } catch {
      // the next one
    }
  }
  return null;
}

type Bound = { async(...args: unknown[]): void };

function bind(library: LibraryHandle): Nvml {
  const bound = new Map<NvmlFunction, Bound>();
  for (const [name, parameters] of Object.entries(FUNCTIONS)) {
    try {
      bound.set(name as NvmlFunction, library.func(`int ${name}(${parameters})`) as unknown as Bound);
    } catch {
      // an old library
    }
  }
  if (!bound.has('nvmlInit_v2')) throw new Error('no NVML library');
  return {
    has: name => bound.has(name),
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        const f = bound.get(name);
        if (f === undefined) {
          resolve(NVML.NOT_SUPPORTED);
          return;
        }
        f.async(...args, (error: unknown, code: number) => (error ? reject(error) : resolve(code)));
      }),
  };
}

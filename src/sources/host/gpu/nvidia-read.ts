import { NVML, type Nvml, type NvmlFunction } from './nvml.js';
import type { GpuSample } from './slice.js';

const MAX_GPUS = 16;
const NAME_BYTES = 96;
/** NVML_TEMPERATURE_GPU */
const SENSOR_GPU = 0;
/** A value of 64 ones stands for "not available". */
const NOT_AVAILABLE = 0xffff_ffff_ffff_ffffn;
const PROCESSES_AT_FIRST = 64;
const MAX_PROCESSES = 1_024;

/** Why NVML does not work, in words; what to do about it. */
export function nvmlProblem(code: number): { problem: string; advice: string } {
  switch (code) {
    case NVML.DRIVER_NOT_LOADED:
      return {
        problem: 'the NVIDIA driver is not loaded',
        advice: 'with such a GPU: modprobe nvidia; else nothing',
      };
    case NVML.NO_PERMISSION:
      return { problem: 'the NVIDIA driver refuses', advice: 'give this user access to /dev/nvidiactl' };
    case NVML.VERSION_MISMATCH:
      return {
        problem: 'the NVIDIA driver and its library have different versions',
        advice: 'it was updated: restart the machine, or load the new driver',
      };
    default:
      return { problem: `NVML error ${code}`, advice: 'see what nvidia-smi says' };
  }
}

/** All GPUs. What one of them does not support is null. Throws the code when there is no list of them at all. */
export async function readGpus(nvml: Nvml): Promise<GpuSample[]> {
  const count = Buffer.alloc(4);
  const code = await nvml.call('nvmlDeviceGetCount_v2', count);
  if (code !== NVML.SUCCESS) throw new NvmlError(code);
  const gpus: GpuSample[] = [];
  for (let i = 0; i < Math.min(count.readUInt32LE(0), MAX_GPUS); i++) {
    const handle = Buffer.alloc(8);
    if ((await nvml.call('nvmlDeviceGetHandleByIndex_v2', i, handle)) !== NVML.SUCCESS) continue;
    gpus.push(await readGpu(nvml, i, handle.readBigUInt64LE(0)));
  }
  return gpus;
}

export class NvmlError extends Error {
  constructor(readonly code: number) {
    super(nvmlProblem(code).problem);
  }
}

async function readGpu(nvml: Nvml, index: number, device: bigint): Promise<GpuSample> {
  /** What a call filled, or null when it did not. */
  const ask = async (name: NvmlFunction, bytes: number, ...between: unknown[]) => {
    const buffer = Buffer.alloc(bytes);
    return (await nvml.call(name, device, ...between, buffer)) === NVML.SUCCESS ? buffer : null;
  };
  const name = Buffer.alloc(NAME_BYTES);
  const named = (await nvml.call('nvmlDeviceGetName', device, name, NAME_BYTES)) === NVML.SUCCESS;
  // nvmlUtilization_t {unsigned gpu, memory}; nvmlMemory_t {unsigned long long total, free, used}
  const utilization = await ask('nvmlDeviceGetUtilizationRates', 8);
  const memory = await ask('nvmlDeviceGetMemoryInfo', 24);
  const temperature = await ask('nvmlDeviceGetTemperature', 4, SENSOR_GPU);
  const power_mw = await ask('nvmlDeviceGetPowerUsage', 4);
  return {
    id: `nvidia${index}`,
    vendor: 'nvidia',
    name: named ? name.toString('utf8').split('\0')[0]! : 'NVIDIA GPU',
    busy_percent: utilization?.readUInt32LE(0) ?? null,
    vram_total_bytes: memory === null ? null : Number(memory.readBigUInt64LE(0)),
    vram_used_bytes: memory === null ? null : Number(memory.readBigUInt64LE(16)),
    celsius: temperature?.readUInt32LE(0) ?? null,
    power_watts: power_mw === null ? null : power_mw.readUInt32LE(0) / 1000,
    processes: await readProcesses(nvml, device),
  };
}

/** One that computes and draws is in both lists, with the same memory. */
async function readProcesses(nvml: Nvml, device: bigint): Promise<GpuSample['processes']> {
  const found = new Map<number, number | null>();
  for (const kind of ['Compute', 'Graphics'] as const) {
    for (const { pid, vram_bytes } of await readList(nvml, device, kind)) {
      const before = found.get(pid) ?? null;
      found.set(
        pid,
        vram_bytes === null || before === null ? (vram_bytes ?? before) : Math.max(before, vram_bytes),
      );
    }
  }
  return [...found].map(([pid, vram_bytes]) => ({ pid, vram_bytes }));
}

/**
 * nvmlProcessInfo_t is `{unsigned pid; unsigned long long usedGpuMemory; unsigned gpuInstanceId,
 * computeInstanceId}`, 24 bytes, for the functions _v2 (drivers from 450) and _v3 (from 510), and only its first
 * half, 16 bytes, for the one before.
 */
async function readList(nvml: Nvml, device: bigint, kind: 'Compute' | 'Graphics') {
  const plain = `nvmlDeviceGet${kind}RunningProcesses` as const;
  const name = ([`${plain}_v3`, `${plain}_v2`, plain] as const).find(candidate => nvml.has(candidate));
  if (name === undefined) return [];
  const size = name === plain ? 16 : 24;
  let room = PROCESSES_AT_FIRST;
  for (let attempt = 0; attempt < 3; attempt++) {
    const count = Buffer.alloc(4);
    count.writeUInt32LE(room, 0);
    const infos = Buffer.alloc(size * room);
    const code = await nvml.call(name, device, count, infos);
    const n = count.readUInt32LE(0);
    if (code === NVML.SUCCESS) {
      return Array.from({ length: Math.min(n, room) }, (_, i) => {
        const used = infos.readBigUInt64LE(i * size + 8);
        return {
          pid: infos.readUInt32LE(i * size),
          vram_bytes: used === NOT_AVAILABLE ? null : Number(used),
        };
      });
    }
    if (code !== NVML.INSUFFICIENT_SIZE || room === MAX_PROCESSES) return [];
    // Some more may start meanwhile.
    room = Math.min(MAX_PROCESSES, n + PROCESSES_AT_FIRST);
  }
  return [];
}

import { agentMemory } from './agent/agent-memory.js';
import { agentSpinning } from './agent/agent-spinning.js';
import { duplicates } from './agent/duplicates.js';
import { ghostProcessStorm } from './agent/ghost-process-storm.js';
import { idleAgents } from './agent/idle-agents.js';
import { orphan } from './agent/orphan.js';
import { diskFullSoon } from './disk/disk-full-soon.js';
import { diskSpace } from './disk/disk-space.js';
import { filesystemHung } from './disk/filesystem-hung.js';
import { inodes } from './disk/inodes.js';
import { ioLatency } from './disk/io-latency.js';
import { readOnlyRemount } from './disk/read-only-remount.js';
import { baselineAnomaly } from './machine/baseline-anomaly.js';
import { kernelLimit } from './machine/kernel-limit.js';
import { load } from './machine/load.js';
import { temperatureCpu } from './machine/temperature-cpu.js';
import { temperatureGpu } from './machine/temperature-gpu.js';
import { unitFailing } from './machine/unit-failing.js';
import { vram } from './machine/vram.js';
import { memoryFullSoon } from './memory/memory-full-soon.js';
import { memoryLeak } from './memory/memory-leak.js';
import { memoryPressure } from './memory/memory-pressure.js';
import { oomKill } from './memory/oom-kill.js';
import { ram } from './memory/ram.js';
import { swap } from './memory/swap.js';
import { cpuHigh } from './process/cpu-high.js';
import { fdLeak } from './process/fd-leak.js';
import { forkBomb } from './process/fork-bomb.js';
import { hang } from './process/hang.js';
import { runtimeLimit } from './process/runtime-limit.js';
import { stopped } from './process/stopped.js';
import { zombie } from './process/zombie.js';

/** Every rule, in the order of the documentation. To add one: its file, and a line here. */
export const RULES = [
  ram,
  memoryPressure,
  swap,
  load,
  forkBomb,
  kernelLimit,
  cpuHigh,
  agentSpinning,
  agentMemory,
  idleAgents,
  memoryFullSoon,
  memoryLeak,
  fdLeak,
  hang,
  stopped,
  zombie,
  runtimeLimit,
  orphan,
  duplicates,
  ghostProcessStorm,
  oomKill,
  diskSpace,
  inodes,
  readOnlyRemount,
  diskFullSoon,
  filesystemHung,
  ioLatency,
  temperatureCpu,
  temperatureGpu,
  vram,
  unitFailing,
  baselineAnomaly,
] as const;

export type RuleId = (typeof RULES)[number]['id'];

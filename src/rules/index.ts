import { agentMemory } from './agent-memory.js';
import { agentSpinning } from './agent-spinning.js';
import { baselineAnomaly } from './baseline-anomaly.js';
import { cpuHigh } from './cpu-high.js';
import { diskFullSoon } from './disk-full-soon.js';
import { diskSpace } from './disk-space.js';
import { duplicates } from './duplicates.js';
import { fdLeak } from './fd-leak.js';
import { filesystemHung } from './filesystem-hung.js';
import { forkBomb } from './fork-bomb.js';
import { ghostProcessStorm } from './ghost-process-storm.js';
import { hang } from './hang.js';
import { inodes } from './inodes.js';
import { ioLatency } from './io-latency.js';
import { load } from './load.js';
import { memoryFullSoon } from './memory-full-soon.js';
import { memoryLeak } from './memory-leak.js';
import { memoryPressure } from './memory-pressure.js';
import { oomKill } from './oom-kill.js';
import { orphan } from './orphan.js';
import { ram } from './ram.js';
import { readOnlyRemount } from './read-only-remount.js';
import type { Rule } from './rule.js';
import { runtimeLimit } from './runtime-limit.js';
import { stopped } from './stopped.js';
import { swap } from './swap.js';
import { temperatureCpu } from './temperature-cpu.js';
import { temperatureGpu } from './temperature-gpu.js';
import { unitFailing } from './unit-failing.js';
import { vram } from './vram.js';
import { zombie } from './zombie.js';

/** A new rule is one new file, one line here, and its table in config/sections/rules.ts. */
export const RULES: readonly Rule[] = [
  ram,
  memoryPressure,
  swap,
  load,
  forkBomb,
  cpuHigh,
  agentSpinning,
  agentMemory,
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
];

import { agentSpinning } from './agent-spinning.js';
import { baselineAnomaly } from './baseline-anomaly.js';
import { cpuHigh } from './cpu-high.js';
import { diskFullSoon } from './disk-full-soon.js';
import { diskSpace } from './disk-space.js';
import { filesystemHung } from './filesystem-hung.js';
import { inodes } from './inodes.js';
import { ioLatency } from './io-latency.js';
import { load } from './load.js';
import { memoryPressure } from './memory-pressure.js';
import { ram } from './ram.js';
import { readOnlyRemount } from './read-only-remount.js';
import type { Rule } from './rule.js';
import { swap } from './swap.js';
import { temperatureCpu } from './temperature-cpu.js';
import { temperatureGpu } from './temperature-gpu.js';
import { unitFailing } from './unit-failing.js';
import { vram } from './vram.js';

/** A new rule is one new file, one line here, and its table in config/sections/rules.ts. */
export const RULES: readonly Rule[] = [
  ram,
  memoryPressure,
  swap,
  load,
  cpuHigh,
  agentSpinning,
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

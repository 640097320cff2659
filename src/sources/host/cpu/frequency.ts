import type { Roots } from '../collector.js';
import { MANY_CORES_BYTES, tryList, tryReadNumber, tryReadText } from '../read.js';

/** Asking a core can interrupt it; the mean of so many is near enough. */
const MAX_CORES = 16;

/**
 * The `cpu MHz` lines of /proc/cpuinfo (x86): `cpu MHz		: 2596.138`. Empty on other machines.
 */
export function parseCpuinfoMhz(text: string): number[] {
  return [...text.matchAll(/^cpu MHz\s*: ([\d.]+)/gm)].map(match => Number(match[1]));
}

/**
 * Mean clock frequency in MHz: from cpufreq (`cpu0/cpufreq/scaling_cur_freq`, kHz), else from /proc/cpuinfo, where
 * virtual machines have it. Null where neither says.
 */
export function readFrequency(roots: Roots): number | null {
  const folder = `${roots.sys}/devices/system/cpu`;
  const cores = tryList(folder).filter(name => /^cpu\d+$/.test(name));
  const step = Math.max(1, Math.ceil(cores.length / MAX_CORES));
  const khz: number[] = [];
  for (let i = 0; i < cores.length; i += step) {
    const value = tryReadNumber(`${folder}/${cores[i]}/cpufreq/scaling_cur_freq`);
    if (value !== null && value > 0) khz.push(value);
    // Without cpufreq no core has it.
    else if (i === 0) break;
  }
  const mhz = khz.length > 0 ? khz.map(value => value / 1000) : cpuinfo(roots);
  return mhz.length === 0 ? null : mhz.reduce((sum, value) => sum + value, 0) / mhz.length;
}

function cpuinfo(roots: Roots): number[] {
  return parseCpuinfoMhz(tryReadText(`${roots.proc}/cpuinfo`, MANY_CORES_BYTES) ?? '');
}

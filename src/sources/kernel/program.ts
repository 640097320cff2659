import { join } from 'node:path';
import { readWhole } from '../../lib/files/bounded-read.js';
import { type Addresses, fillAddresses } from './addresses.js';
import { ringOffset } from './layout.js';

/**
 * The program texts, with the words that depend on the kernel and on bpftrace filled in.
 *
 * VIGIL_PID_TAIL: `struct pid` ends in the numbers, one for each PID namespace. Older kernels declare the
 * array with one element, which then counts in sizeof; newer ones with none.
 *
 * VIGIL_READ_BUF: where in `struct n_tty_data` its ring begins.
 *
 * VIGIL_MAX_TERMINALS: so many new terminals, and their maps are emptied.
 *
 * VIGIL_FENTRY, VIGIL_FEXIT: what bpftrace calls a probe on the start or the end of a kernel function.
 */
export interface Machine {
  structs: Structs;
  /** bpftrace's own, e.g. `0.17.0`. */
  version: string;
  /** Of kernel functions, where they are known before. */
  addresses?: Addresses;
}

/** As bpftrace prints them from the kernel's BTF; empty when it cannot. */
export interface Structs {
  pid: string;
  n_tty_data: string;
}

/**
 * Longest string of the terminal programs: 96 of an OSC, 16 of a name. Less than usual, since 0.17 has them on the
 * same 512 bytes as all variables.
 */
export const TERMINAL_STRING_BYTES = 104;

/** Of each map of a program. */
export const MAP_KEYS = 16_384;

/** Terminals become known much more slowly than a half of the room fills up between two looks, 250 ms apart. */
const MAX_TERMINALS = MAP_KEYS / 2;

const MAX_PROGRAM_BYTES = 1024 * 1024;

/** As it is on every kernel seen so far, where bpftrace does not say it. */
const USUAL_RING_OFFSET = 94;

export function specialise(text: string, machine: Machine): string {
  const tail = /numbers\[1\]/.test(machine.structs.pid) ? 'sizeof(struct upid)' : '0';
  const [fentry, fexit] = probeNames(machine.version);
  return fillAddresses(text, machine.addresses ?? new Map())
    .replaceAll('VIGIL_PID_TAIL', tail)
    .replaceAll('VIGIL_READ_BUF', String(ringOffset(machine.structs.n_tty_data) ?? USUAL_RING_OFFSET))
    .replaceAll('VIGIL_MAX_TERMINALS', String(MAX_TERMINALS))
    .replaceAll('VIGIL_FENTRY', fentry)
    .replaceAll('VIGIL_FEXIT', fexit);
}

/** bpftrace 0.22 renamed them and calls the old names obsolete. */
function probeNames(version: string): [fentry: string, fexit: string] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 0 && minor < 22 ? ['kfunc', 'kretfunc'] : ['fentry', 'fexit'];
}

/** Attaches to a function of terminals, says so and ends; where that works, terminal-fentry.bt can be tried. */
const PROBE = 'VIGIL_FENTRY:n_tty_write { @seen = 1; } interval:ms:10 { printf("attached\\n"); exit(); }';

export function probeText(version: string): string {
  return specialise(PROBE, { structs: { pid: '', n_tty_data: '' }, version });
}

export async function loadProgram(bpfDir: string, name: string, machine: Machine): Promise<string> {
  return specialise(readWhole(join(bpfDir, `${name}.bt`), MAX_PROGRAM_BYTES).toString('utf8'), machine);
}

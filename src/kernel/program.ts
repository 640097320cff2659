import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The program texts, with the words that depend on the kernel filled in.
 *
 * VIGIL_PID_TAIL: `struct pid` ends in the numbers, one for each PID namespace. Older kernels declare the
 * array with one element, which then counts in sizeof; newer ones with none.
 */
export interface Machine {
  /** `struct pid` as bpftrace prints it from the kernel's BTF; empty when it cannot. */
  structPid: string;
}

export function specialise(text: string, machine: Machine): string {
  const tail = /numbers\[1\]/.test(machine.structPid) ? 'sizeof(struct upid)' : '0';
  return text.replaceAll('VIGIL_PID_TAIL', tail);
}

export async function loadProgram(bpfDir: string, name: string, machine: Machine): Promise<string> {
  return specialise(await readFile(join(bpfDir, `${name}.bt`), 'utf8'), machine);
}

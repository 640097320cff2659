import type { ApiClient, HostFacts } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { bytes } from './format.js';

/** The first who asks after the start of the daemon waits for a process that reads them. */
const PATIENCE_MS = 3_000;

/** Null: they are not to be had now; whoever shows them does without. */
export async function hostFacts(client: ApiClient): Promise<HostFacts | null> {
  const late = new Promise<null>(resolve => setTimeout(resolve, PATIENCE_MS, null).unref());
  // An older daemon does not know them; when it is gone, who asks for more will hear of it.
  return Promise.race([client.call('host').catch(() => null), late]);
}

/** What the machine is, in a line: `AMD Ryzen 9 7950X, 16 cores · Debian GNU/Linux 12, Linux 6.1 · KVM`. */
export function factsLine({ cpu, system, distribution, kernel, virtualisation, gpus }: HostFacts): string {
  const cores = cpu.physical_cores;
  const parts = [
    system,
    [cpu.model, cores === null ? null : counted(cores, 'core')],
    gpus.map(({ name, vram_bytes }) => (vram_bytes === null ? name : `${name} (${bytes(vram_bytes)})`)),
    [distribution, kernel === null ? null : `Linux ${kernel}`],
    virtualisation,
  ];
  return parts
    .map(part => [part].flat().filter(one => one !== null))
    .filter(part => part.length > 0)
    .map(part => printable(part.join(', '), 200))
    .join(' · ');
}

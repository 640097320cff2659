import { z } from 'zod';
import type { HostFacts } from '../../model/host-facts.js';
import { bytes, count, list, schemaOf, text } from '../../model/schema.js';

export const hostFactsSchema = schemaOf<HostFacts>()({
  cpu: z.strictObject({
    model: text.nullable(),
    physical_cores: count.nullable(),
    logical_cores: count.nullable(),
  }),
  system: text.nullable().describe('the machine as it is sold'),
  board: text.nullable(),
  distribution: text.nullable().describe('e.g. `Debian GNU/Linux 12 (bookworm)`'),
  kernel: text.nullable(),
  architecture: text.nullable(),
  virtualisation: text.nullable().describe('e.g. KVM, Docker; null: it runs on the hardware itself'),
  gpus: list(z.strictObject({ name: text, vram_bytes: bytes.nullable() })),
}).meta({ id: 'HostFacts', description: 'null: it does not say' });

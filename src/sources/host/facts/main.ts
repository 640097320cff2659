import { baseboard, cpu, graphics, osInfo, system } from 'systeminformation';
import { factsOf } from './compose.js';

/** A process of its own: it starts programs (lscpu, lspci), reads files without a bound, and may take seconds. */

const [found, machine, board, os, gpus] = await Promise.all([
  cpu(),
  system(),
  baseboard(),
  osInfo(),
  graphics(),
]);
process.stdout.write(
  JSON.stringify(factsOf({ cpu: found, system: machine, baseboard: board, os, graphics: gpus })),
);

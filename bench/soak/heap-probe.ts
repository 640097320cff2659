import childProcess, { type SpawnOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Loaded into the daemon, and by it into its helpers, before their own code (`--import heap-probe.js?into=FOLDER`):
 * on SIGUSR2 all garbage is collected, and what is left is written to FOLDER/PID, in bytes. The file is there,
 * and empty, as soon as the signal is understood.
 */
const self = new URL(import.meta.url);
const file = join(self.searchParams.get('into')!, String(process.pid));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(file, String(heapUsed + external));
});
writeFileSync(file, '');

// A helper gets an environment and arguments of the daemon's making, so it is given the probe here.
const { spawn } = childProcess;
const withProbe = (args: readonly string[]) =>
  args.flatMap(arg => (arg.endsWith('/desktop/helper.js') ? [`--import=${self.href}`, arg] : [arg]));
childProcess.spawn = ((program: string, args: readonly string[], options: SpawnOptions) =>
  spawn(program, withProbe(args), options)) as typeof spawn;
syncBuiltinESMExports();

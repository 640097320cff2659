// CPU of commands that have nothing to do but ask (no daemon answers), as a multiple of an empty Node.js's.
// Usage: node bench/start/run.mjs [--rounds 15]   after `make build`. Needs bash.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const vigil = fileURLToPath(new URL('../../bin/vigil', import.meta.url));
const nowhere = ['--runtime-dir', '/nonexistent'];
const commands = [['agents', ...nowhere], ['bar', 'tmux', ...nowhere], ['--complete', 'ag'], ['--help']];

/** User and system time of a program and all that it started, in seconds. */
function cpu_s(args) {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1 || true';
  const command = ['-c', `{ ${script}; } 2>&1`, 'bash', process.execPath, ...args];
  const [user, system] = execFileSync('bash', command, { encoding: 'utf8' }).trim().split(' ').map(Number);
  return user + system;
}

const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const ratios = commands.map(() => []);
const rounds = Number(values.rounds);
for (let i = 0; i < rounds; i++) {
  // Each beside an empty one of its own: what else the machine does changes from second to second.
  for (const [j, command] of commands.entries())
    ratios[j].push(cpu_s([vigil, ...command]) / cpu_s(['-e', '0']));
}
console.log(`CPU, as a multiple of node -e 0, median of ${rounds} pairs (least to most)`);
for (const [j, command] of commands.entries()) {
  const [least, most] = [Math.min(...ratios[j]), Math.max(...ratios[j])].map(ratio => ratio.toFixed(1));
  console.log(`vigil ${command.join(' ').padEnd(40)} ×${median(ratios[j]).toFixed(1)} (${least} to ${most})`);
}

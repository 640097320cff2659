import { parseArgs } from 'node:util';
import { ENTRANCES } from './entrances/index.js';
import { flood, type Row } from './run.js';

/**
 * What becomes of a daemon when somebody floods it: one entrance a row, a fresh daemon each.
 *
 *   node build/lab/bench/flood/main.js [--seconds 10] [--only argv] [--json] [--profile DIR]
 *
 * Needs root, `make build`, cc and python3. `grew`: peak memory over rest, of the process of vigil that grew most
 * (daemon or a user's helper; not bpftrace). `pause`: the longest of the daemon's event loop since it serves, as vigil health says it.
 * `ping`: an ordinary user's client that asks every 20 ms; `vigil's`: one that waits for no processor itself, so that it is
 * vigil's part alone. `--profile`: what the daemon did, a .cpuprofile a row. Exits 1 when
 * an aim is missed.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});

const GREW_BYTES = 60_000_000;
const PAUSE_MS = 100;
const PING_P95_MS = 50;
/** All processors have 1,000 processes in line. */
const PAUSE_IN_FORK_BOMB_MS = 1_000;

const chosen = ENTRANCES.filter(
  ({ name }) => values.only.length === 0 || values.only.some(part => name.includes(part)),
);
const columns = [26, 10, 9, 9, 9, 9, 9, 8];
const line = (cells: string[]) =>
  console.log(
    cells.map((cell, i) => (i === 0 ? cell.padEnd(columns[0]!) : cell.padStart(columns[i] ?? 0))).join(''),
  );
if (!values.json)
  line(['entrance', 'grew MB', 'pause ms', 'ping p95', 'longest', "vigil's", 'root p95', 'CPU %']);
let missed = 0;
for (const entrance of chosen) {
  const row = await flood(entrance, Number(values.seconds), profiling(values.profile));
  if (values.json) console.log(JSON.stringify(row));
  else print(row);
}
process.exit(missed > 0 ? 1 : 0);

function profiling(dir: string | undefined): string[] {
  return dir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`, '--cpu-prof-interval=2000'];
}

function print(row: Row): void {
  const { grew } = row;
  const bomb = row.name === 'fork bomb';
  const wrong = [
    grew.peak_bytes - grew.rest_bytes > GREW_BYTES && 'memory',
    (row.longest_pause_ms ?? 0) > (bomb ? PAUSE_IN_FORK_BOMB_MS : PAUSE_MS) && 'pause',
    // A client of ordinary priority waits for a processor in a bomb, whatever vigil does.
    (bomb ? row.prompt_ping_p95_ms : row.ping_p95_ms) > PING_P95_MS && 'ping',
    !row.survived && 'it does not answer',
  ].filter(word => word !== false);
  missed += wrong.length;
  const ms = (value: number | null) =>
    value === null || Number.isNaN(value) ? '–' : value.toFixed(value < 10 ? 1 : 0);
  line([
    row.name,
    `+${((grew.peak_bytes - grew.rest_bytes) / 1e6).toFixed(0)}`,
    ms(row.longest_pause_ms),
    ms(row.ping_p95_ms),
    ms(row.ping_longest_ms),
    ms(row.prompt_ping_p95_ms),
    ms(row.root_ping_p95_ms),
    ms(row.cpu_percent),
  ]);
  const rest = `${grew.name} ${(grew.rest_bytes / 1e6).toFixed(0)} MB at rest`;
  console.log(
    `    ${row.sent}; ${rest}${row.counted.length === 0 ? '' : `; counted: ${row.counted.join(', ')}`}`,
  );
  if (wrong.length > 0) console.log(`    AIM MISSED: ${wrong.join(', ')}`);
}

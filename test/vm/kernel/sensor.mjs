// The real sensor in the virtual machine, with two programs that write and a person who types (agent.py).
// Usage: node sensor.mjs TITLE EXPECTED_TIER [FOLDER_OF_PROGRAMS]
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSensor } from '/usr/lib/vigil/dist/sources/kernel/index.js';

const [title, expected, bpfDir = '/usr/lib/vigil/bpf'] = process.argv.slice(2);
const check = (what, fine, seen) =>
  console.log(fine ? `ok      ${title}: ${what}` : `FAILED  ${title}: ${what}; ${JSON.stringify(seen)}`);

const warn = (fields, message) => console.log(`LOG     ${title}: ${message} ${JSON.stringify(fields)}`);
const events = [];
let live = () => {};
const attached = new Promise(resolve => {
  live = resolve;
});
const sensor = createSensor(
  {
    logger: { debug() {}, info() {}, warn, error: warn },
    bpfDir,
    daemonPid: process.pid,
  },
  { event: event => events.push(event), gap() {}, lost() {}, lifecycle() {}, terminal: on => on && live() },
);
const before = performance.now();
await sensor.start();
const chosen = sensor.health();
console.log(
  `TIER    ${title}: ${chosen.tier}, bpftrace ${chosen.bpftrace_version}, after ${Math.round(performance.now() - before)} ms: ${chosen.tier_reason}`,
);

rmSync('/tmp/go', { force: true });
const child = spawn('python3', ['/vigil-test/kernel/agent.py'], { stdio: ['ignore', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const told = async () => JSON.parse((await lines.next()).value ?? 'null');
const { pid, console: console_pid } = await told();
sensor.watch(new Set([pid, console_pid]));
const of = type => events.filter(event => event.type === type);
const mine = type => of(type).filter(event => event.pid === pid);
const sum = () => mine('output').reduce((total, event) => total + event.bytes, 0);
/** Until it holds, or for so long: how slow a machine is depends on what it runs on. */
const eventually = async (limit_s, holds) => {
  for (let i = 0; i < limit_s * 4 && !holds(); i++) await sleep(250);
};
await Promise.race([attached, sleep(180_000)]);
const allRun = () => sensor.health().programs.every(({ state }) => state === 'running');
await eventually(120, allRun);
await sleep(1_500); // a heartbeat: the agents are announced again
writeFileSync('/tmp/go', '');
const { bytes } = await told();
await eventually(30, () => sum() === bytes && mine('exit').length > 0 && allRun());
await sleep(1_500); // and whatever comes too much

const texts = mine('osc').map(event => event.text);
const says = (what, text) => check(what, texts.includes(text), texts.slice(0, 20));
const health = sensor.health();
check(`tier ${expected}`, health.tier === expected, health);
const seen = sum();
check(`output: ${seen} of ${bytes} bytes`, seen === bytes, { seen, bytes });
check(
  'output has its terminal',
  mine('output').every(event => event.tty === 'pts/0'),
  mine('output'),
);
says('title', '\x1b]0;hello title');
says('state word', '\x1b]7501;state=working');
says('progress, first of three in one write', '\x1b]9;4;1;50');
says('notification, second of three', '\x1b]777;notify;a;b');
says('title, third of three', '\x1b]0;x');
says('title behind 3 kB', '\x1b]2;after a lot');
says('at most 96 bytes', `\x1b]0;${'L'.repeat(92)}`);
const times = mine('osc').flatMap(({ text, time_ms }) => (text === '\x1b]0;flood' ? [time_ms / 1000] : []));
const flood = times.length;
/** Of 50 in each second of the kernel's clock that the flood touched. */
const most = 50 * (Math.floor(Math.max(...times)) - Math.floor(Math.min(...times)) + 2);
const missing = () =>
  sensor
    .health()
    .programs.find(program => program.name === 'terminal')
    ?.missing.join() ?? '';
check(`a flood of 200 titles: ${flood} seen`, flood > 0 && flood <= most, { flood, most });
/** On tracepoints the ring that the flood runs through ends somewhere in it, and one may lie across. */
const fewest = 200 - flood - (expected === 'fentry' ? 0 : 1);
const counted = () => Number(/(\d+) terminal commands/.exec(missing())?.[1] ?? 0);
await eventually(15, () => counted() >= fewest);
check(
  'the others are counted',
  counted() >= fewest && counted() <= 200 - flood,
  `${counted()}: ${missing()}`,
);
check(
  'no link, no clipboard, no text',
  texts.every(text => /^(0|2|9|777|7501);/.test(text.slice(2))),
  texts,
);
const keys = of('key')
  .filter(event => event.tty === 'pts/0')
  .map(key => `${key.bytes}${key.enter ? ' enter' : ''}${key.escape ? ' escape' : ''}`);
check('keys, Enter, Escape, an arrow', keys.join(', ') === '1, 3 enter, 1 escape, 3, 5 escape, 1, 1', keys);
check(
  'virtual console',
  expected !== 'fentry' ||
    (events.some(({ type, pid: by, tty }) => type === 'output' && by === console_pid && tty === 'tty1') &&
      events.some(
        ({ pid: by, tty, text }) => by === console_pid && tty === 'tty1' && text === '\x1b]0;on the console',
      )),
  events.filter(event => event.pid === console_pid),
);
const [exec] = of('exec').filter(event => event.path.endsWith('/sleep'));
check('exec, with path and argv', exec?.argv.join(' ') === 'sleep 0.1', of('exec'));
check('fork of it', exec && of('fork').some(event => event.pid === exec.pid), exec);
check('exit with code 3', mine('exit')[0]?.code === 3, mine('exit'));
for (const { name, state, problem, unparsed, lost, received } of health.programs) {
  const well = state === 'running' && problem === null && unparsed === 0 && lost === 0;
  check(`${name}: ${received} lines`, well, { state, problem, unparsed, lost });
}
if (expected !== chosen.tier) check('says so', missing().includes('terminal-fentry failed'), missing());
await sensor.stop();
process.exit(0);

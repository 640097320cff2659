import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nowMs, sleep } from '../../test/lab/clock.js';
import { Vigil } from '../../test/lab/vigil.js';
import { BusyAgents } from './agents.js';
import { family, type Member } from './family.js';
import { slope } from './slope.js';

/**
 * Does vigil stay as it is? Three real agents work, ask and rest while processes come and go; memory and open
 * descriptors of each process of vigil are sampled, and how they rise is printed. Exits 1 when a transition was
 * missed or descriptors rise.
 *
 *   node build/lab/bench/soak/main.js [--minutes 30] [--every 30] [--churn 50]
 *
 * Needs root, `make build` and the lab's agents. `--churn`: processes a second. The first fifth counts as warming up.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    every: { type: 'string', default: '30' },
    churn: { type: 'string', default: '50' },
  },
});
const length_ms = Number(values.minutes) * 60_000;
const dir = 'build/soak';

interface Sample {
  /** Since the start. */
  time_ms: number;
  members: Member[];
  database_bytes: number;
}

rmSync(dir, { recursive: true, force: true });
mkdirSync(dir, { recursive: true });
const vigil = new Vigil({ dir, config: '' });
await vigil.startDaemon();
const { pid } = await vigil.health();
const pause = 1 / Number(values.churn);
const churn = spawn('/bin/sh', ['-c', `while :; do /bin/true; sleep ${pause}; done`], { stdio: 'ignore' });
const agents = new BusyAgents();
const samples: Sample[] = [];
let failed = false;
try {
  agents.start();
  const start_ms = nowMs();
  while (nowMs() - start_ms < length_ms) {
    await sleep(Number(values.every) * 1000);
    samples.push({ time_ms: nowMs() - start_ms, members: family(pid), database_bytes: databaseBytes() });
    const { time_ms, members, database_bytes } = samples.at(-1)!;
    const list = members
      .map(({ name, rss_bytes, fds, proc_fds }) => `${name} ${mb(rss_bytes)} MB ${fds}+${proc_fds} fds`)
      .join(', ');
    console.log(`${(time_ms / 1000).toFixed(0).padStart(5)} s  ${list}, database ${mb(database_bytes)} MB`);
  }
  await agents.stop();
  await sleep(2000);
  report();
} finally {
  churn.kill('SIGKILL');
  await agents.end();
  await vigil.stopDaemon();
}
writeFileSync(join(dir, 'samples.json'), JSON.stringify(samples));
process.exit(failed ? 1 : 0);

function report(): void {
  const warm = samples.filter(({ time_ms }) => time_ms > length_ms / 5);
  console.log(
    `\n${'process'.padEnd(20)}RSS MB first → last   slope MB/h   own memory MB/h   fds first → last   fds/h   of /proc`,
  );
  for (const { pid: id, name } of warm.at(-1)?.members ?? []) {
    const of = warm.flatMap(({ time_ms, members }) => {
      const member = members.find(one => one.pid === id);
      return member === undefined ? [] : [{ hours: time_ms / 3_600_000, member }];
    });
    const perHour = (figure: (member: Member) => number) =>
      slope(of.map(({ hours, member }) => [hours, figure(member)] as const));
    const [first, last] = [of[0]!.member, of.at(-1)!.member];
    const fds = perHour(member => member.fds);
    console.log(
      [
        `${name} ${id}`.padEnd(20),
        `${mb(first.rss_bytes)} → ${mb(last.rss_bytes)}`.padEnd(23),
        mb(perHour(member => member.rss_bytes)).padEnd(13),
        mb(perHour(member => member.anonymous_bytes)).padEnd(18),
        `${first.fds} → ${last.fds}`.padEnd(19),
        fds.toFixed(1).padEnd(8),
        `${first.proc_fds} → ${last.proc_fds}`,
      ].join(''),
    );
    // Some more at the end than in the beginning is a client or a file that happens to be open.
    if (last.fds - first.fds > 5) failed = true;
  }
  const matches = agents.compare(vigil);
  const lines = matches.flatMap(match => match.lines);
  const count = (verdict: string) => lines.filter(line => line.verdict === verdict).length;
  const [missed, wrong, extra] = [count('missed'), count('wrong'), count('extra')];
  console.log(
    `\n${agents.turns} turns: ${count('matched')} of ${lines.length - extra} transitions right, ${missed} missed, ${wrong} wrong, ${extra} extra`,
  );
  const database = warm.map(({ time_ms, database_bytes }) => [time_ms / 3_600_000, database_bytes] as const);
  console.log(`database: ${mb(databaseBytes())} MB with its log, ${mb(slope(database))} MB/h`);
  for (const trouble of agents.troubles) console.log(`the lab could not go on: ${trouble}`);
  if (missed + wrong > 0) failed = true;
}

function databaseBytes(): number {
  return ['vigil.db', 'vigil.db-wal'].reduce(
    (sum, name) => sum + (statSync(join(dir, 'state', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

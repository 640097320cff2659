import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AgentKind } from '../../test/lab/agent-home.js';
import { nowMs, sleep } from '../../test/lab/clock.js';
import { PLACES, type Place } from '../../test/lab/places.js';
import { agentVersion, keepRecording } from '../../test/lab/recording.js';
import { BOTH, type Scenario, Stage } from '../../test/lab/scenario.js';
import { SCENARIOS } from '../../test/lab/scenarios/index.js';
import { FIRST_PROMPT, type Grain } from '../../test/lab/truth.js';
import { Vigil } from '../../test/lab/vigil.js';
import { type Line, type Match, matchSession } from './match.js';
import { type Broken, type Row, rowOf, writePiece } from './pieces.js';
import { type Figures, score, spread, table } from './report.js';

/**
 * How true is what vigil says? Real agents play the lab's scenarios beside a real daemon.
 *
 *   node build/lab/bench/accuracy/main.js [--mode words|rhythm|procfs] [--scenario NAME]… [--agent KIND]…
 *     [--transitions 200] [--repeat N] [--jobs 3] [--no-hooks] [--record]
 *     [--place tmux|shell|script|screen|container|bwrap|sudo]… [--vigil PROGRAM] [--out DIR]
 *
 * What came out is also a piece in DIR/pieces: `table.js` makes one table of all pieces and of the recordings.
 *
 * `--limit S`: after so many seconds nothing more is begun.
 * `--keep DIR` keeps a recording of each scenario that vigil was right about in tmux, as the tests have them.
 * `--record` keeps what the daemon observed in DIR/MODE/record.jsonl (of its last start, when a scenario restarts it).
 */
const MODES = {
  words: '',
  rhythm: '[evidence]\nself_reported = false\n',
  procfs: '[sensor]\ntier = "procfs"\n',
} as const;

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'words' },
    scenario: { type: 'string', multiple: true },
    agent: { type: 'string', multiple: true },
    keep: { type: 'string' },
    place: { type: 'string', multiple: true, default: ['tmux'] },
    transitions: { type: 'string', default: '200' },
    repeat: { type: 'string' },
    jobs: { type: 'string', default: '3' },
    limit: { type: 'string' },
    vigil: { type: 'string' },
    record: { type: 'boolean', default: false },
    'no-hooks': { type: 'boolean', default: false },
    out: { type: 'string', default: 'build/accuracy' },
  },
});

interface Play {
  scenario: Scenario;
  kind: AgentKind;
  place: Place;
}

const mode = values.mode as keyof typeof MODES;
if (!(mode in MODES)) fail(`--mode is one of ${Object.keys(MODES).join(', ')}`);
const plays: Play[] = SCENARIOS.filter(s => !values.scenario || values.scenario.includes(s.name)).flatMap(
  scenario =>
    scenario.agents
      .filter(a => (values.agent ? values.agent.includes(a) : BOTH.includes(a)))
      .flatMap(kind => placesOf().map(place => ({ scenario, kind, place }))),
);
if (plays.length === 0) fail(`nothing to play; scenarios: ${SCENARIOS.map(s => s.name).join(', ')}`);

const dir = resolve(values.out, mode);
mkdirSync(dir, { recursive: true });
const record = values.record || values.keep ? { record: join(dir, 'record.jsonl') } : {};
const program = values.vigil ? { program: resolve(values.vigil) } : {};
const vigil = new Vigil({ dir, config: MODES[mode], ...record, ...program });
const begun_ms = nowMs();
const stages: Stage[] = [];
const broken: Broken[] = [];

await vigil.startDaemon();
const health = await vigil.settle();
console.log(`vigil runs, tier ${health.sensor.tier}`);
const enough = Number(values.transitions);
for (let round = 1; ; round++) {
  await inParallel(
    plays.filter(p => !p.scenario.needs_daemon),
    Number(values.jobs),
  );
  await inParallel(
    plays.filter(p => p.scenario.needs_daemon),
    1,
  );
  const truths = judge('state')
    .flatMap(m => m.lines)
    .filter(l => l.truth).length;
  console.log(`round ${round}: ${truths} true transitions so far`);
  if (values.repeat ? round >= Number(values.repeat) : truths >= enough) break;
}
// What was the last to happen has to be said, too.
await sleep(3000);
const end = await vigil.health();
await vigil.stopDaemon();
publish();
if (values.keep !== undefined) keep(values.keep);

function keep(folder: string): void {
  const recorded = readFileSync(join(dir, 'record.jsonl'), 'utf8');
  for (const stage of stages) {
    const isRight = judgeStage(stage, 'reason').every(({ lines }) =>
      lines.every(({ verdict }) => verdict === 'matched'),
    );
    if (isRight && stage.place === 'tmux')
      console.log(keepRecording(folder, agentVersion(stage.kind), stage, recorded));
  }
}

async function inParallel(queue: Play[], jobs: number): Promise<void> {
  const left = [...queue];
  const end_ms =
    values.limit === undefined ? Number.POSITIVE_INFINITY : begun_ms + Number(values.limit) * 1000;
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) if (nowMs() < end_ms) await play(next);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

function placesOf(): Place[] {
  return values.place.map(name => PLACES.find(place => place === name) ?? fail(`no such place: ${name}`));
}

async function play({ scenario, kind, place }: Play): Promise<void> {
  const stage = new Stage(kind, scenario.name, !values['no-hooks'], vigil, place);
  const started_ms = nowMs();
  let problem = '';
  try {
    await scenario.run(stage);
  } catch (error) {
    // The lab itself failed: what it believes to be true is worth nothing.
    problem = (error as Error).message.split('\n')[0]!;
    broken.push({ ...fromOf(stage), problem });
  }
  await stage.end();
  // The next scenario may stop the daemon: the last event of this one is still due.
  await sleep(1500);
  if (!problem) stages.push(stage);
  console.log(
    `${problem ? 'broken' : 'played'} ${kind} ${place} ${scenario.name} in ${((nowMs() - started_ms) / 1000).toFixed(0)} s ${problem}`,
  );
}

function judge(grain: Grain): Match[] {
  return stages.flatMap(stage => judgeStage(stage, grain));
}

function judgeStage(stage: Stage, grain: Grain): Match[] {
  return stage.sessions.map(session => {
    const truth = stage.truth.filter(t => t.pid === session.pid);
    const last_ms = truth.at(-1)?.time_ms ?? 0;
    const heard = vigil.heard.filter(
      h =>
        h.event.pid === session.pid &&
        h.arrived_ms <= last_ms + 10_000 &&
        inside(h.event.cwd, session.home.root),
    );
    return matchSession(truth, heard, vigil.uptimes, grain);
  });
}

function inside(cwd: string | null, root: string): boolean {
  return cwd === null || cwd.startsWith(root);
}

function publish(): void {
  const matches = judge('reason');
  const lines = matches.flatMap(m => m.lines);
  const stateLines = judge('state').flatMap(m => m.lines);
  const false_waits = matches.flatMap(m => m.false_waits).sort((a, b) => b.length_ms - a.length_ms);
  const pids = new Set(stages.flatMap(s => s.sessions.map(x => x.pid)));
  const roots = stages.flatMap(s => s.sessions.map(x => x.home.root));
  const strangers = vigil.heard
    .filter(h => !pids.has(h.event.pid) && roots.some(root => h.event.cwd?.startsWith(root)))
    .map(h => `${h.event.agent} ${h.event.pid} ${h.event.from}→${h.event.to}: ${h.event.evidence.text}`);
  const figures: Figures = {
    mode,
    tier: end.sensor.tier,
    states: score(stateLines),
    kinds: score(lines),
    delays_ms: {
      'to WORKING': delays(stateLines, t => t.state === 'WORKING' && t.by !== 'vigil started'),
      'to WAITING': delays(
        lines,
        t => t.state === 'WAITING' && t.by !== FIRST_PROMPT && t.by !== 'vigil started',
      ),
      '  of these approval, question': delays(lines, t => t.reason === 'approval' || t.reason === 'question'),
      'to EXITED': delays(stateLines, t => t.state === 'EXITED'),
      'first prompt': delays(stateLines, t => t.by === FIRST_PROMPT),
      'vigil started later': delays(stateLines, t => t.by === 'vigil started'),
    },
    longest_false_wait_ms: false_waits[0]?.length_ms ?? 0,
    false_waits_over_500_ms: false_waits.filter(w => w.length_ms > 500),
    notification_hook_ms: spread(stages.flatMap(s => s.notification_delays_ms)),
    strangers,
    checks: stages.flatMap(s => s.checks.map(c => ({ scenario: s.scenario, agent: s.kind, ...c }))),
  };
  console.log(`\n${table(figures)}\n`);
  for (const line of lines.filter(l => l.verdict !== 'matched')) console.log(describe(line));
  for (const w of figures.false_waits_over_500_ms) {
    console.log(
      `false WAITING ${w.length_ms.toFixed(0)} ms ${w.agent} ${w.pid} ${w.scenario}: ${w.evidence}`,
    );
  }
  for (const { agent, place, scenario, problem } of broken)
    console.log(`not counted, the lab failed: ${agent} ${place} ${scenario}: ${problem}`);
  const sessions = stages.map(s => ({
    scenario: s.scenario,
    agent: s.kind,
    sessions: s.sessions.map(x => ({
      pid: x.pid,
      truth: s.truth.filter(t => t.pid === x.pid),
      heard: vigil.heard.filter(h => h.event.pid === x.pid),
    })),
  }));
  writePiece(join(resolve(values.out), 'pieces'), rows(false_waits), broken);
  const mismatches = lines.filter(l => l.verdict !== 'matched');
  const detail = { figures, mismatches, lines, broken, health: end, uptimes: vigil.uptimes, sessions };
  writeFileSync(join(dir, 'result.json'), JSON.stringify(detail, null, 1));
  console.log(`all of it: ${join(dir, 'result.json')}`);
}

function rows(false_waits: Match['false_waits']): Row[] {
  return stages.flatMap(stage => {
    const pids = new Set(stage.sessions.map(({ pid }) => pid));
    const own = judgeStage(stage, 'reason').flatMap(match => match.lines);
    const longest_ms = Math.max(0, ...false_waits.filter(w => pids.has(w.pid)).map(w => w.length_ms));
    return own.map(line => rowOf(line, fromOf(stage), longest_ms));
  });
}

function fromOf({ kind, place, scenario }: Stage): Omit<Broken, 'problem'> {
  return { agent: kind, version: agentVersion(kind), place, scenario, played: 'real' };
}

function delays(
  lines: Line[],
  of: (truth: NonNullable<Line['truth']>) => boolean,
): Figures['delays_ms'][string] {
  return spread(lines.filter(l => l.verdict === 'matched' && of(l.truth!)).map(l => l.delay_ms!));
}

function describe(line: Line): string {
  const t = line.truth;
  const h = line.heard;
  const truth = t ? `${t.agent} ${t.pid} ${t.scenario}: true ${t.state} ${t.reason} (${t.by})` : '';
  const said = h
    ? `said ${h.event.from}→${h.event.to} ${h.event.reason} [${h.event.evidence.source}: ${h.event.evidence.text}]`
    : 'said nothing';
  const when = t && h ? ` ${(h.arrived_ms - t.time_ms).toFixed(0)} ms after` : '';
  const where = t ? '' : `${h!.event.agent} ${h!.event.pid} ${scenarioOf(h!.event.pid)}: `;
  return `${line.verdict.padEnd(7)} ${where}${truth}${truth ? ', ' : ''}${said}${when}`;
}

function scenarioOf(pid: number): string {
  return stages.find(s => s.sessions.some(x => x.pid === pid))?.scenario ?? '?';
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

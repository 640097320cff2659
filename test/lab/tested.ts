import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Piece, Row } from '../../bench/accuracy/pieces.js';
import { repositoryRoot } from './agent-home.js';

/** One scenario, played with one version of an agent. */
export interface Played {
  scenario: string;
  true_transitions: number;
  /** Of these, told with the right state and kind of WAITING. */
  right: number;
  /** Told wrongly, not at all, or too much. */
  wrong: number;
  /** The longest, of those that were right; without the first prompt. */
  delay_ms: number;
  /** Of the machine when it was played: how many wanted one of its processors. Null: not known. */
  load: number | null;
  /** Why the lab itself could not play it; null: it could. */
  problem: string | null;
}

/** By agent, then by version. */
export type Tested = Record<string, Record<string, readonly Played[]>>;

/** Numbers compared as numbers. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** docs/tested-agents.md. */
export function testedPage(tested: Tested): string {
  const rows = Object.entries(tested).flatMap(([agent, versions]) =>
    Object.keys(versions)
      .sort((a, b) => byVersion(b, a))
      .flatMap(version => (versions[version] ?? []).map(played => row(agent, version, played))),
  );
  return `# Tested agents

What vigil said of real agents, against what was true of them: each version installed from npm, each scenario played once
beside a real daemon and a scripted model. Made by \`make lab-matrix\`; how the truth is known is in
[020](../specs/020-lab.md). *Wrong*: told wrongly, not at all, or too much. *Delay*: the longest of a transition that was
told rightly. *Load*: how many programs wanted a processor meanwhile, of two. With more than some four a row says little:
the agents themselves then take seconds from a key to their own answer, and the truth, which is taken from keys and from
the model's answers, is ahead of them. A row counts once it was played on a quiet machine.

| Agent | Version | Scenario | Right | Wrong | Delay | Load |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function row(agent: string, version: string, played: Played): string {
  const { scenario, right, true_transitions, wrong, delay_ms, load, problem } = played;
  const told =
    problem === null
      ? [`${right} of ${true_transitions}`, String(wrong), `${delay_ms} ms`]
      : ['not played', '', problem.replaceAll('|', '/')];
  const busy = load === null ? '–' : String(Math.round(load));
  return `| ${[agent, version, scenario, ...told, busy].join(' | ')} |`;
}

/** src/agents/tested-versions.ts: the newest version of each that was played through. */
export function testedModule(tested: Tested): string {
  const lines = Object.entries(tested).flatMap(([agent, versions]) => {
    const whole = Object.keys(versions).filter(version =>
      versions[version]?.every(one => one.problem === null),
    );
    const newest = whole.sort(byVersion).at(-1);
    const name = /^[a-z]+$/.test(agent) ? agent : `'${agent}'`;
    return newest === undefined ? [] : [`  ${name}: '${newest}',`];
  });
  return `/** Made by \`make lab-matrix\`, do not edit: the newest version of each agent that docs/tested-agents.md has. */
export const NEWEST_TESTED: Readonly<Record<string, string>> = {
${lines.join('\n')}
};
`;
}

/**
 * Adds what was played in tmux to test/lab/tested.json, and makes the page and the constant anew that `vigil health` compares
 * with. A scenario that was played before with that version is replaced.
 */
export function addTested(pieces: readonly Piece[]): void {
  const root = repositoryRoot();
  const file = join(root, 'test/lab/tested.json');
  const all = JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : '{}') as Record<
    string,
    Record<string, Played[]>
  >;
  for (const { agent, version, played } of pieces.flatMap(playedIn)) {
    const others = all[agent]?.[version]?.filter(({ scenario }) => scenario !== played.scenario) ?? [];
    all[agent] = { ...all[agent], [version]: [...others, played] };
  }
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(join(root, 'docs/tested-agents.md'), testedPage(all));
  writeFileSync(join(root, 'src/agents/tested-versions.ts'), testedModule(all));
}

/** What a piece has of versions that are known, in tmux alone: a scenario each. */
export function playedIn({
  rows,
  broken,
  load,
}: Piece): { agent: string; version: string; played: Played }[] {
  const here = ({ place, version }: Row | Piece['broken'][number]): boolean =>
    place === 'tmux' && version !== null;
  const keyOf = ({ agent, version, scenario }: Pick<Row, 'agent' | 'version' | 'scenario'>): string =>
    `${agent} ${version} ${scenario}`;
  const groups = new Map<string, Row[]>();
  for (const row of rows.filter(here)) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  const told = [...groups.values()].map(own => {
    const { agent, version, scenario } = own[0]!;
    const right = own.filter(({ verdict }) => verdict === 'matched');
    const played: Played = {
      scenario,
      true_transitions: own.filter(({ truth }) => truth !== null).length,
      right: right.length,
      wrong: own.length - right.length,
      delay_ms: Math.round(Math.max(0, ...right.map(({ delay_ms }) => delay_ms ?? 0))),
      load: Math.round(load),
      problem: null,
    };
    return { agent, version: version!, played };
  });
  const failed = broken.filter(here).map(({ agent, version, scenario, problem }) => {
    const none = { true_transitions: 0, right: 0, wrong: 0, delay_ms: 0 };
    return { agent, version: version!, played: { scenario, ...none, load: Math.round(load), problem } };
  });
  return [...failed, ...told];
}

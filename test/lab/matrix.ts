import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Piece, readPieces } from '../../bench/accuracy/pieces.js';
import { type AgentKind, repositoryRoot } from './agent-home.js';
import { OTHER_KINDS, otherAgent } from './other-agents.js';
import { addTested } from './tested.js';

/**
 * Which versions of which agents vigil is right about: installs them from npm, one after the other, plays scenarios beside a
 * real daemon, and writes what came out.
 *
 *   node build/lab/test/lab/matrix.js --agents "claude-code codex" --versions "newest 3" [--scenarios "short-answer …"]
 *
 * `--versions`: `newest`, numbers, or how many older ones: `newest 3`. What was played before stays in the table. As
 * root, some two minutes a version.
 */
const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: 'claude-code codex' },
    versions: { type: 'string', default: 'newest 3' },
    scenarios: { type: 'string', default: 'short-answer approval-accepted question' },
    keep: { type: 'boolean', default: false },
  },
});

const ROOT = repositoryRoot();
const PACKAGES: Record<string, string> = {
  'claude-code': '@anthropic-ai/claude-code',
  codex: '@openai/codex',
  ...Object.fromEntries(OTHER_KINDS.map(kind => [kind, otherAgent(kind)!.package])),
};

for (const kind of words(values.agents) as AgentKind[]) {
  if (PACKAGES[kind] === undefined)
    throw new Error(`no such agent: ${kind}; there are ${Object.keys(PACKAGES).join(', ')}`);
  for (const version of versionsOf(kind)) {
    addTested(play(kind, version));
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function versionsOf(kind: AgentKind): string[] {
  const wanted = words(values.versions);
  const out = execFileSync('npm', ['view', PACKAGES[kind]!, 'versions', '--json'], { encoding: 'utf8' });
  const released = [JSON.parse(out) as string | string[]].flat().filter(one => /^\d+\.\d+\.\d+$/.test(one));
  return wanted.flatMap(word => {
    if (word === 'newest') return released.slice(-1);
    return /^\d+$/.test(word) ? released.slice(-1 - Number(word), -1).reverse() : [word];
  });
}

/** Where npm put the programs of a version; null: it cannot be had here. */
function install(kind: AgentKind, version: string): { dir: string; bin: string } | null {
  const dir = join(ROOT, 'build/lab-agents', `${kind}-${version}`);
  const bin = join(dir, 'node_modules/.bin');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"private":true}');
  const node = otherAgent(kind)?.node;
  const wanted = [`${PACKAGES[kind]}@${version}`, ...(node === undefined ? [] : [node])];
  const options = ['--no-audit', '--no-fund', '--loglevel=error', '--prefix', dir];
  const done = spawnSync('npm', ['install', ...options, ...wanted], { stdio: 'inherit', cwd: dir });
  if (done.status !== 0) return null;
  // Some npm versions skip install scripts; this one puts the native binary in its place.
  const script = join(dir, 'node_modules/@anthropic-ai/claude-code/install.cjs');
  if (kind === 'claude-code' && existsSync(script))
    spawnSync(process.execPath, [script], { stdio: 'inherit' });
  return { dir, bin };
}

function play(kind: AgentKind, version: string): Piece[] {
  const installed = install(kind, version);
  if (installed === null) return [];
  const out = join(ROOT, 'build/matrix', `${kind}-${version}`);
  const scenarios = words(values.scenarios).flatMap(name => ['--scenario', name]);
  const options = ['--agent', kind, '--repeat', '1', '--jobs', '1', '--out', out, ...scenarios];
  const bench = join(ROOT, 'build/lab/bench/accuracy/main.js');
  const env = { ...process.env, VIGIL_LAB_AGENTS: installed.bin, VIGIL_LAB_VERSION: version };
  rmSync(out, { recursive: true, force: true });
  spawnSync(process.execPath, [bench, ...options], { stdio: 'inherit', env });
  if (!values.keep) rmSync(installed.dir, { recursive: true, force: true });
  return existsSync(join(out, 'pieces')) ? readPieces(join(out, 'pieces')) : [];
}

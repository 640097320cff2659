import { SMALL_BYTES, tryReadText } from '../files/bounded-read.js';
import { printable } from '../text/printable.js';
import { environmentOf } from './environment.js';

/** Longest name that is kept. */
const MAX_NAME = 64;
/** As much of a container's number as its engine shows. */
const SHORT_ID = 12;

/** Control groups of engines that name a container by number: `docker-<64 hex digits>.scope`. */
const NUMBERED: readonly (readonly [pattern: RegExp, engine: string])[] = [
  [/\/(?:docker-|docker\/)([0-9a-f]{64})(?:\.scope)?(?:\/|$)/, 'docker'],
  [/\/libpod-([0-9a-f]{64})(?:\.scope)?(?:\/|$)/, 'podman'],
  [/\/(?:cri-containerd-|crio-|nerdctl-)([0-9a-f]{64})(?:\.scope)?(?:\/|$)/, 'container'],
  [/\/kubepods[^/]*\/.*?\/([0-9a-f]{64})(?:\/|$)/, 'container'],
];
/** And those that name it. */
const NAMED: readonly (readonly [pattern: RegExp, engine: string])[] = [
  [/\/systemd-nspawn@([^/]+)\.service(?:\/|$)/, 'nspawn'],
  [/\/machine-([^/]+)\.scope(?:\/|$)/, 'machine'],
  [/\/lxc(?:\.payload)?[./]([^/]+)(?:\/|$)/, 'lxc'],
  [/\/app-flatpak-([^/]+)-\d+\.scope(?:\/|$)/, 'flatpak'],
];

const VARIABLES = ['container', 'CONTAINER_ID', 'FLATPAK_ID', 'HOSTNAME', 'REMOTE_CONTAINERS'] as const;

/**
 * What the container of a process is called, e.g. `shop-dev (podman)`: by its control group, and by what the engine put
 * into its environment. Fit to be shown; null: it is in none that can be told, or only in namespaces of its own. `settled`:
 * it stays so; else its environment could not be told now, and may say more.
 */
export function containerName(procRoot: string, pid: number): { name: string | null; settled: boolean } {
  const groups = tryReadText(`${procRoot}/${pid}/cgroup`, SMALL_BYTES, 'utf8') ?? '';
  const env = environmentOf(procRoot, pid, VARIABLES);
  const settled = env !== 'unknown';
  return { name: nameOf(groups, settled ? env : {}), settled };
}

/** What a container is called of which only its namespaces tell. */
export const NAMELESS = 'sandbox';

/** Of `groups`, the text of /proc/PID/cgroup, and these variables. */
export function nameOf(
  groups: string,
  env: Partial<Record<(typeof VARIABLES)[number], string>>,
): string | null {
  const grouped = byGroup(groups);
  const engine = grouped?.engine ?? env.container ?? null;
  // distrobox and toolbox, flatpak: the name that people gave it, or know it by.
  const named = env.CONTAINER_ID ?? env.FLATPAK_ID ?? (grouped?.isNumber === false ? grouped.name : null);
  if (engine === null && named === null) return null;
  // Who named the host meant the container; else the engine calls it by its number.
  const name = named ?? env.HOSTNAME ?? grouped?.name ?? null;
  const shown = name === null ? null : printable(name, MAX_NAME);
  const by = engine === null ? null : printable(engine, MAX_NAME);
  if (shown === null || shown === '') return by;
  return by === null || by === shown ? shown : `${shown} (${by})`;
}

function byGroup(groups: string): { name: string; engine: string; isNumber: boolean } | null {
  const paths = groups.split('\n').map(line => line.replace(/^\d+:[^:]*:/, ''));
  for (const path of paths) {
    for (const [pattern, engine] of NUMBERED) {
      const id = pattern.exec(path)?.[1];
      if (id !== undefined) return { name: id.slice(0, SHORT_ID), engine, isNumber: true };
    }
    for (const [pattern, engine] of NAMED) {
      const name = pattern.exec(path)?.[1];
      if (name !== undefined) return { name: unescapeUnit(name), engine, isNumber: false };
    }
  }
  return null;
}

/** systemd.unit(5): `shop\x2ddev` is `shop-dev`. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

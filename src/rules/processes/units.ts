import type { Snapshot } from '../../model/snapshot.js';
import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';
import { baseName } from './programs.js';

/**
 * Whose unit of systemd a process is in: its own, or that of the place in which somebody started it, as a terminal's. Told
 * by what the unit was made for, never by a word in its name: systemd.io/DESKTOP_ENVIRONMENTS for `app-…`.
 */

/** Services that carry sessions of people, by the whole of their names: terminals, multiplexers, logins, editors' hosts. */
const PLACE =
  /^(gnome-terminal-server|ptyxis-agent|ptyxis|kgx|konsole|yakuake|foot-server|urxvtd|terminator|tilix|tmux|screen|zellij|ttyd|gotty|wetty|shellinabox|sshd?|ssh-session|dropbear|telnetd|getty|serial-getty|console-getty|container-getty|display-manager|gdm3?|sddm|lightdm|greetd|ly|xdm|xrdp|xrdp-sesman|code-server|code-tunnel|openvscode-server|cursor-server|jetbrains-gateway|mosh-server|emacs)(@.*)?\.service$/;
const SESSION = /^(user@\d+\.service|session-[^/]*\.scope|init\.scope)$/;
/** An application that a desktop started: `app-gnome-firefox-4711.scope`, `app-org.kde.konsole@a1b2.service`. */
const APPLICATION = /^app-(.+?)(?:[-@]([^-@]+))?\.(scope|service)$/;
/** A container: all that is in it descends from what the engine started there. */
const CONTAINER =
  /(^|\/)((docker|libpod|crio|cri-containerd|machine|nspawn)-[^/]+\.scope|docker\/[0-9a-f]{12,}|lxc(\.payload)?[./][^/]+|kubepods[^/]*\/.+)$/;
const MAX_DEPTH = 8;

/**
 * It belongs to a unit of its own, which systemd or a container engine looks after: a service, an application, what
 * `systemd-run` started, a container. The units that carry whole login sessions, and those of terminals, are not meant.
 */
export function isManaged(history: History, track: ProcessTrack): boolean {
  const { cgroup, session } = track.sample;
  if (cgroup === null) return false;
  const ofAgent = session === null ? undefined : history.agentCgroup(session);
  // It never left the unit of its agent.
  if (ofAgent === cgroup) return false;
  // Who left the agent's place for a unit that systemd made for it has it for itself.
  const moved = ofAgent !== undefined && isFirstOfSession(history, track);
  const leaf = baseName(cgroup);
  if (SESSION.test(leaf)) return false;
  if (CONTAINER.test(cgroup)) return history.process(track.sample.ppid)?.sample.cgroup !== cgroup;
  const application = APPLICATION.exec(leaf);
  if (application !== null) return moved || isItsApplication(history, track, application[1]!, application[2]);
  if (leaf.endsWith('.service')) return !PLACE.test(leaf);
  return leaf.endsWith('.scope') && moved;
}

/** The unit was made for its agent session: who came first in it is of that session. */
function isFirstOfSession(history: History, { sample: { cgroup, session } }: ProcessTrack): boolean {
  const first = firstIn(history, cgroup!)?.sample.session;
  return (
    first !== null &&
    first !== undefined &&
    first.pid === session?.pid &&
    first.start_ticks === session.start_ticks
  );
}

/** It, or a living process that it descends from, is what the application is called after. */
function isItsApplication(
  history: History,
  track: ProcessTrack,
  id: string,
  number: string | undefined,
): boolean {
  const wanted = plain(unescapeUnit(id));
  let at: ProcessTrack | undefined = track;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
    const { sample, features }: ProcessTrack = at;
    if (sample.cgroup !== track.sample.cgroup) return false;
    if (String(sample.pid) === number) return true;
    if (
      [sample.comm, ...features.program.split(' ')].some(name => isCalledAfter(wanted, plain(baseName(name))))
    )
      return true;
    const parent = history.process(sample.ppid);
    at = parent === at ? undefined : parent;
  }
  return false;
}

/** `org.mozilla.firefox` and `gnome-firefox` end in `firefox`; the first letters of a name say nothing. */
function isCalledAfter(id: string, name: string): boolean {
  return name.length >= 3 && (id === name || id.endsWith(`.${name}`) || id.endsWith(`-${name}`));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.(desktop|exe|js|py)$/, '');
}

/** systemd-escape(1): `\x2d` is a dash. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const oldest = new WeakMap<Snapshot, Map<string, ProcessTrack>>();

/** The oldest living process of a control group. Looked up once for each snapshot. */
function firstIn(history: History, cgroup: string): ProcessTrack | undefined {
  let known = oldest.get(history.snapshot);
  if (known === undefined) {
    known = new Map();
    for (const track of history.all()) {
      const { sample } = track;
      if (sample.cgroup === null) continue;
      const other = known.get(sample.cgroup);
      if (other === undefined || sample.start_ticks < other.sample.start_ticks)
        known.set(sample.cgroup, track);
    }
    oldest.set(history.snapshot, known);
  }
  return known.get(cgroup);
}

import { bytesText, counted, percentText } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import type { HostSample } from '../../model/snapshot.js';
import type { History } from '../engine/history.js';
import { type Group, groupBy, programKey, totalCpu, totalRss } from '../processes/groups.js';
import { agentName, programName, sessionName } from './labels.js';

/** Who is behind a trouble of the whole machine: a sentence to add to another, empty when there is nobody. */

const NAMED = 3;
const LEAST_BYTES = 32 * 1024 * 1024;
const SHARED_SHARE = 0.3;

/** A holder beside the processes. */
interface Part {
  weight: number;
  text: string;
}

/** ` Most is held by node shop/server.js (2.1 GB, of the Claude Code session in ~/shop), …` */
export function topMemory(history: History): string {
  const files = filesInMemory(history);
  return sentence('Most is held by', history, totalRss, bytesText, LEAST_BYTES, files);
}

/** What tmpfs and shared memory hold: it is used, and in nobody's memory. Largest first. */
export function filesInMemory({ snapshot: { host } }: History): Part[] {
  const mounts = host.filesystems
    .filter(({ type }) => type === 'tmpfs')
    .map(({ mount, total_bytes, available_bytes }) => ({
      weight: total_bytes - available_bytes,
      text: `files in ${printable(mount, 80)} (tmpfs, ${bytesText(total_bytes - available_bytes)})`,
    }))
    .filter(({ weight }) => weight >= LEAST_BYTES);
  const rest = (host.memory?.shmem_bytes ?? 0) - mounts.reduce((sum, { weight }) => sum + weight, 0);
  // Less than that is what programs share among themselves, and is counted with them.
  const isMost = rest >= (host.memory?.used_bytes ?? 0) * SHARED_SHARE && rest >= LEAST_BYTES;
  const shared = { weight: rest, text: `shared memory and files in memory elsewhere (${bytesText(rest)})` };
  return [...mounts, ...(isMost ? [shared] : [])].sort((a, b) => b.weight - a.weight);
}

type Filesystem = HostSample['filesystems'][number];
type Holder = NonNullable<Filesystem['holders']>[number];

/** Smaller files explain no full disk. */
const LEAST_HELD_BYTES = 64 * 1024 * 1024;

/**
 * ` Deleted files are held open by postgres (12 GB). Open for writing there are files of node shop/train.js (30 GB).` Where
 * nobody has files of it open: who wrote most to any storage.
 */
export function topOfFilesystem(history: History, { holders = [] }: Filesystem): string {
  const deleted = heldBy(history, holders, 'Deleted files are held open by', one => one.deleted_bytes);
  const growing = heldBy(history, holders, 'Files of it grow that are written by', one => one.grown_bytes);
  const open = heldBy(
    history,
    holders,
    'Open for writing there are files of',
    ({ written_bytes, deleted_bytes }) => Math.max(0, written_bytes - deleted_bytes),
  );
  const all = deleted + (growing === '' ? open : growing);
  return all === '' ? topWriters(history) : all;
}

function heldBy(
  history: History,
  holders: readonly Holder[],
  begin: string,
  bytes: (holder: Holder) => number,
): string {
  const held = new Map(holders.map(holder => [holder.pid, bytes(holder)]));
  return sentence(begin, history, tracks => sumOf(tracks, held), bytesText, LEAST_HELD_BYTES);
}

const sumOf = (tracks: Group['tracks'], held: ReadonlyMap<number, number>) =>
  tracks.reduce((sum, { sample }) => sum + (held.get(sample.pid) ?? 0), 0);

/** `Restart postgres: that gives back 12 GB. `; empty where no deleted files are held. */
export function restartAdvice(history: History, { holders = [] }: Filesystem): string {
  const held = new Map(holders.map(({ pid, deleted_bytes }) => [pid, deleted_bytes]));
  const [largest] = groupBy(history.watched, programKey, track => sumOf([track], held))
    .map(({ tracks }) => ({ name: programName(tracks[0]!), bytes: sumOf(tracks, held) }))
    .filter(({ bytes }) => bytes >= LEAST_HELD_BYTES)
    .sort((a, b) => b.bytes - a.bytes);
  return largest === undefined
    ? ''
    : `Restart ${largest.name}: that gives back ${bytesText(largest.bytes)}. `;
}

/** ` Of what runs, most was written by …`: whole amounts since each started, to any storage. */
function topWriters(history: History): string {
  const written = (tracks: Group['tracks']) =>
    tracks.reduce((sum, { sample }) => sum + (sample.write_bytes ?? 0), 0);
  return sentence(
    'Of what runs, most was written to storage by',
    history,
    written,
    bytesText,
    256 * 1024 * 1024,
  );
}

/** ` Most is used by …` */
export function topCpu(history: History): string {
  return sentence('Most is used by', history, totalCpu, percent => `${percentText(percent)} of a core`, 10);
}

function sentence(
  begin: string,
  history: History,
  weigh: (tracks: Group['tracks']) => number,
  show: (weight: number) => string,
  least: number,
  others: readonly Part[] = [],
): string {
  const groups = groupBy(history.watched, programKey, track => weigh([track]))
    .map(({ tracks }) => ({ tracks, weight: weigh(tracks), text: '' }))
    .filter(({ weight }) => weight >= least);
  const parts: (Part & { tracks?: Group['tracks'] })[] = [...groups, ...others]
    .sort((a, b) => b.weight - a.weight)
    .slice(0, NAMED);
  if (parts.length === 0) return '';
  const shared = isShared(history);
  const names = parts.map(({ tracks, weight, text }) => {
    if (tracks === undefined) return text;
    const first = tracks[0]!;
    const { session } = first.sample;
    const count = tracks.length === 1 ? '' : `${counted(tracks.length, 'process', 'processes')}, `;
    const whose = session === null ? '' : `, of ${shared ? agentName(session) : sessionName(session)}`;
    return `${programName(first)} (${count}${show(weight)}${whose})`;
  });
  return ` ${begin} ${names.join(', ')}.`;
}

/** login.defs(5): UID_MIN, and below `nobody`. */
const isPerson = (uid: number) => uid >= 1000 && uid < 65_534;

/**
 * Several people have processes here. Alerts about the machine go to all of them: they name programs, as ps(1) does to
 * everybody, but not the folder that somebody's agent works in, which /proc shows to its owner only.
 */
function isShared(history: History): boolean {
  const people = new Set(history.watched.map(({ sample }) => sample.uid).filter(isPerson));
  return people.size > 1;
}

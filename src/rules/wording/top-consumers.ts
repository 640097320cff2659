import { bytesText, counted, percentText } from '../../lib/text/amounts.js';
import type { History } from '../engine/history.js';
import { type Group, groupBy, programKey, totalCpu, totalRss } from '../processes/groups.js';
import { agentName, programName, sessionName } from './labels.js';

/** Who is behind a trouble of the whole machine: a sentence to add to another, empty when there is nobody. */

const NAMED = 3;

/** ` Most is held by node shop/server.js (2.1 GB, of the Claude Code session in ~/shop), …` */
export function topMemory(history: History): string {
  return sentence('Most is held by', history, totalRss, bytes => bytesText(bytes), 32 * 1024 * 1024);
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
): string {
  const groups = groupBy(history.watched, programKey, track => weigh([track]))
    .map(({ tracks }) => ({ tracks, weight: weigh(tracks) }))
    .filter(({ weight }) => weight >= least)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, NAMED);
  if (groups.length === 0) return '';
  const shared = isShared(history);
  const names = groups.map(({ tracks, weight }) => {
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

import { counted } from '../../../lib/text/amounts.js';
import type { History } from '../../engine/history.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { groupBy } from '../../processes/groups.js';
import { processName, programName } from '../../wording/labels.js';

/** `9 × node context7/index.js, 5 × python3 mcp_server.py`, the most frequent first. */
export function programList(tracks: readonly ProcessTrack[]): string {
  const groups = groupBy(
    tracks,
    track => track.features.program,
    ({ sample }) => sample.rss_bytes,
  ).sort((a, b) => b.tracks.length - a.tracks.length);
  const names = groups.slice(0, 4).map(({ tracks: [first, ...rest] }) => {
    const name = programName(first!);
    return rest.length === 0 ? name : `${rest.length + 1} × ${name}`;
  });
  return groups.length > 4 ? `${names.join(', ')} and others` : names.join(', ');
}

/** `Started by claude (pid 12) and 3 others; 4 have no parent any more.` */
export function startedBy(history: History, tracks: readonly ProcessTrack[]): string {
  const parents = new Set<ProcessTrack>();
  let alone = 0;
  for (const { sample } of tracks) {
    const parent = history.process(sample.ppid);
    if (parent === undefined || parent.sample.pid === 1 || parent.sample.comm === 'systemd') alone++;
    else parents.add(parent);
  }
  const [first, ...others] = parents;
  const lost = alone === 0 ? '' : `${alone} ${alone === 1 ? 'has' : 'have'} no parent any more`;
  if (first === undefined) return `${lost}.`;
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'other')}`;
  return `Started by ${processName(first)}${more}${lost === '' ? '' : `; ${lost}`}.`;
}

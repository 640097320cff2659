import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import type { Rule } from '../../engine/rule.js';
import { partSubject } from '../../wording/subjects.js';
import { mountedFilesystems } from './filesystems.js';

/** A filesystem that did not answer: whoever touches it hangs too. */
export const filesystemHung: Rule = {
  name: 'filesystem_hung',
  evaluate(history, _now_ms, { detection }) {
    const mounted = mountedFilesystems(history);
    if (mounted === null) return null;
    return mounted
      .filter(({ sample }) => sample.hung)
      .map(({ sample }) => ({
        key: sample.mount,
        severity: 'high' as const,
        holds: true,
        for_ms: detection.filesystem_hung.duration_s * 1000,
        clear_ms: 10_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${printable(sample.mount, 120)} does not answer`,
        text: `${printable(sample.device, 80)} (${printable(sample.type, 20)}) did not answer in time. Processes that touch it wait and cannot be ended.`,
        suggestion: `Check the server or the disk behind it; \`umount -l ${shellWord(sample.mount)}\` frees what only looks at it.`,
        numbers: {},
      }));
  },
};

import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { partSubject } from '../../wording/subjects.js';
import { mountedFilesystems } from './filesystems.js';

/** A filesystem that did not answer: whoever touches it hangs too. */
export const filesystemHung = defineRule({
  id: 'filesystem_hung',
  about: 'A filesystem that does not answer.',
  keys: {
    duration_s: lasting(0),
  },
  figures: ({ duration_s }) => ({
    fires: 'a filesystem did not answer for 5 s',
    lasts_s: duration_s,
    ends: 'it answers, or is gone',
    clear_s: 10,
    severity: 'high',
  }),
  check(history, _now_ms, { duration_s }) {
    const mounted = mountedFilesystems(history);
    if (mounted === null) return null;
    return mounted
      .filter(({ sample }) => sample.hung)
      .map(({ sample }) => ({
        key: sample.mount,
        severity: 'high' as const,
        holds: true,
        for_ms: duration_s * 1000,
        clear_ms: 10_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${printable(sample.mount, 120)} does not answer`,
        text: `${printable(sample.device, 80)} (${printable(sample.type, 20)}) did not answer in time. Processes that touch it wait and cannot be ended.`,
        suggestion: `Check the server or the disk behind it; \`umount -l ${shellWord(sample.mount)}\` frees what only looks at it.`,
        numbers: {},
      }));
  },
});

import { printable } from '../../../lib/text/printable.js';
import { defineRule, subjectKey } from '../../engine/rule.js';
import { partSubject } from '../../wording/subjects.js';
import { mountedFilesystems } from './filesystems.js';

/**
 * A filesystem that could be written to and cannot any more: the kernel does that after errors
 * (`errors=remount-ro`). What was read-only from the start is so on purpose.
 */
export const readOnlyRemount = defineRule({
  id: 'read_only_remount',
  about: 'A filesystem that became read-only.',
  figures: () => ({
    fires: 'a filesystem is read-only, and was not before',
    lasts_s: 0,
    ends: 'it is writable, or gone',
    clear_s: 10,
    severity: 'critical',
  }),
  check(history) {
    const mounted = mountedFilesystems(history);
    if (mounted === null) return null;
    return mounted
      .filter(({ sample, was_writable }) => sample.read_only && was_writable)
      .map(({ sample }) => ({
        key: sample.mount,
        severity: 'critical' as const,
        holds: true,
        for_ms: 0,
        clear_ms: 10_000,
        subject: partSubject('filesystem', sample.mount),
        title: `${printable(sample.mount, 120)} became read-only`,
        text: `It could be written to before. The kernel does this when ${printable(sample.device, 80)} (${printable(sample.type, 20)}) has errors.`,
        suggestion:
          'Look at `journalctl -k` for errors of the disk, save what matters, then check the filesystem.',
        numbers: {},
      }));
  },
  restore(history, alert) {
    history.wasWritable(subjectKey(alert));
  },
});

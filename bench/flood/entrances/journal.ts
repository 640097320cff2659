import type { Entrance } from '../entrance.js';

/** A journal that is written faster than it can be read. */
export const journal: Entrance = {
  name: 'journal',
  async setup({ stage }) {
    // In a mount namespace of the daemon's own: it looks for journald's socket, and for a program at its usual place.
    const script = [
      'mount --bind "$0" /usr/bin/journalctl',
      'mkdir -p /run/systemd && mount -t tmpfs none /run/systemd',
      'mkdir /run/systemd/journal && touch /run/systemd/journal/socket',
      'exec "$@"',
    ].join(' && ');
    return { wrap: ['unshare', '--mount', 'sh', '-c', script, stage.compile('journal', 'journalctl')] };
  },
  async prepare() {
    return async () => ({ end: async () => 'as fast as it is read' });
  },
};

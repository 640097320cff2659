/**
 * Who may change a key over the socket (`update_config`): a mark in the schema, so that each key takes its stand
 * where it is defined. `root`: root and the daemon's own user alone, because the key decides what root runs,
 * which files root reads or writes, where keys are sent, or what vigil refuses to everybody. `group`: the group
 * vigil, too. Numbers, switches and choices go with their table; a text or a list can name a program, a file or
 * an address, and speaks for itself. Without a mark a key is root's.
 */
export type ChangedBy = 'root' | 'group';

export const BY_ROOT: { changed_by: ChangedBy } = { changed_by: 'root' };
export const BY_GROUP: { changed_by: ChangedBy } = { changed_by: 'group' };

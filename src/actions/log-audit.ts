import type { Logger } from '../lib/log/logger.js';
import type { AuditLog } from '../model/action.js';
import { describeRequester } from './requester.js';

/** Without a history the log is the record; how an action ends is logged anyway. */
export function logAudit(logger: Pick<Logger, 'warn'>): AuditLog {
  let last = 0;
  return {
    begin: async record => {
      const id = ++last;
      const { type, text, reason, risk, dry_run } = record;
      const by = describeRequester(record.requester);
      logger.warn({ action: id, by, type, text, reason, risk, dry_run }, 'action begins');
      return id;
    },
    finish: async () => {},
  };
}

import type { Migration } from './migration.js';

/** Whose processes an action was about, and how many: found without reading lists that may have been cut. */
export const actionOwners: Migration = {
  version: 2,
  sql: `
    CREATE TABLE action_owners (
      uid INTEGER NOT NULL, action INTEGER NOT NULL, targets INTEGER NOT NULL, PRIMARY KEY (uid, action)) WITHOUT ROWID;
    CREATE INDEX action_owners_action ON action_owners (action);
    CREATE TRIGGER actions_deleted AFTER DELETE ON actions BEGIN
      DELETE FROM action_owners WHERE action = old.row;
    END;
    INSERT INTO action_owners (uid, action, targets)
      SELECT uid, action, count(*) FROM (
        SELECT actions.row AS action, CASE target.type WHEN 'object' THEN target.value ->> 'uid' END AS uid
        FROM actions, json_each(CASE WHEN json_valid(targets) THEN targets ELSE '[]' END) AS target
      ) WHERE typeof(uid) = 'integer' GROUP BY uid, action;
  `,
};

import { tables } from './001-tables.js';
import { actionOwners } from './002-action-owners.js';
import type { Migration } from './migration.js';

/** All of them, oldest first: 1, 2, 3, … */
export const MIGRATIONS: readonly Migration[] = [tables, actionOwners];

import { z } from 'zod';
import { list, schemaOf, text, time_ms } from '../../model/schema.js';
import { MATCH_TYPES, type WhitelistEntry } from '../../rules/allowlist/whitelist.js';

export const reloadedSchema = z
  .strictObject({
    live: list(text).describe('keys that were taken over just now'),
    restart: list(text).describe('all that wait for a restart'),
  })
  .meta({ id: 'Reloaded' });
export type Reloaded = z.infer<typeof reloadedSchema>;

export const whitelistEntrySchema = schemaOf<WhitelistEntry>()({
  id: z.int(),
  pattern: text,
  match_type: z.enum(MATCH_TYPES),
  reason: text.describe('for who sees everything; others get an empty one'),
  created_ms: time_ms,
}).meta({ id: 'WhitelistEntry' });

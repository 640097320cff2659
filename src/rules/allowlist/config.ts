import { z } from 'zod';
import { BY_GROUP, LIVE } from '../../model/config-key.js';
import { checkEntry, MATCH_TYPES } from './whitelist.js';

const ignored = z
  .strictObject({
    pattern: z.string().min(1).max(500).describe('What to look for.'),
    match_type: z
      .enum(MATCH_TYPES)
      .default('name')
      .describe(
        '`name`: the name of the program, exact or with `*`; `cmdline`: a part of the command line; `regex`: a regular expression on the command line.',
      ),
    reason: z.string().max(500).default('').describe('Why, for whoever reads this later.'),
  })
  .superRefine((entry, ctx) => {
    const wrong = checkEntry(entry);
    if (wrong !== null) ctx.addIssue({ code: 'custom', path: ['pattern'], message: wrong });
  })
  .describe('Processes that no rule reports.');

/** `[allowlist]` */
export const allowlist = z
  .strictObject({
    ignore_commands: z
      .array(z.string().min(1).max(500))
      .max(1000)
      .default([])
      .describe('Names of programs that no rule reports, exact or with `*`, e.g. `["Xorg", "dbus*"]`.')
      .meta(BY_GROUP),
    ignore: z.array(ignored).max(1000).default([]).describe('The same by other marks.').meta(BY_GROUP),
  })
  .describe('What is left in peace.')
  .meta({ ...BY_GROUP, ...LIVE });

import { z } from 'zod';
import { SEVERITIES } from '../../model/alert.js';
import { absolutePath, BY_GROUP, BY_ROOT, environmentName, LIVE } from '../../model/config-key.js';

/** Where alerts go besides the desktop. */

const webhook = z
  .strictObject({
    type: z
      .enum(['slack', 'discord', 'ntfy', 'json'])
      .describe('Whose format: `json` posts the alert as it is, for programs of your own.'),
    url_env: environmentName
      .optional()
      .describe(
        'Environment variable, or systemd credential, with the address. The address is a secret: it is never logged.',
      ),
    url_file: absolutePath
      .optional()
      .describe('File that holds the address and nothing else, readable by its owner (and group) only.'),
    min_severity: z.enum(SEVERITIES).default('high').describe('The mildest alerts that are sent.'),
    timeout_s: z.int().min(1).max(120).default(10).describe('How long one attempt may take.'),
    redact_home: z
      .boolean()
      .default(true)
      .describe('Names of home directories leave as `[user]`. Secrets never leave.'),
  })
  .refine(value => value.url_env !== undefined || value.url_file !== undefined, {
    message: 'needs `url_env` or `url_file`: where its address is kept',
  })
  .describe('A chat room, a phone or a program that hears of alerts.');

export type WebhookConfig = z.infer<typeof webhook>;

const webhooks = z
  .array(webhook)
  .max(16)
  .default([])
  .describe('One `[[webhooks]]` table each.')
  .meta({ ...BY_ROOT, ...LIVE });

const logFile = z
  .strictObject({
    path: absolutePath
      .optional()
      .describe(
        'File to append alerts to, one JSON object a line. Without it: none. It may be rotated at any time.',
      )
      .meta(BY_ROOT),
    min_severity: z.enum(SEVERITIES).default('info').describe('The mildest alerts that are written.'),
  })
  .describe('Alerts as lines of JSON in a file.')
  .meta({ ...BY_GROUP, ...LIVE });

export type LogFileConfig = z.infer<typeof logFile>;

/** `[log_file]` and `[[webhooks]]` */
export const channelsConfig = { log_file: logFile.prefault({}), webhooks };

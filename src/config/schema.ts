import { z } from 'zod';
import { actionsConfig } from '../actions/config.js';
import { agentsConfig } from '../agents/config.js';
import { diagnosisConfig } from '../diagnosis/config.js';
import { LOG_LEVELS } from '../lib/log/levels.js';
import { BY_GROUP, type KeyMarks, LIVE } from '../model/config-key.js';
import { channelsConfig } from '../outputs/channels/config.js';
import { desktopConfig } from '../outputs/desktop/config.js';
import { rulesConfig } from '../rules/config.js';
import { hostConfig } from '../sources/host/config.js';
import { kernelConfig } from '../sources/kernel/config.js';
import { storeConfig } from '../store/config.js';

/**
 * Every key of config.toml: types, defaults, limits, and the words of the documentation, gathered from the modules
 * that live by them. Each key names a decision that a user really has; units are in the names.
 */
export const configSchema = z.strictObject({
  log_level: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('The least important messages that are logged.')
    .meta({ ...BY_GROUP, ...LIVE }),
  ...kernelConfig,
  ...agentsConfig,
  ...desktopConfig,
  ...hostConfig,
  ...rulesConfig,
  ...diagnosisConfig,
  ...channelsConfig,
  ...storeConfig,
  ...actionsConfig,
});

export type Config = z.infer<typeof configSchema>;

export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** What is used of a JSON Schema that zod makes. */
export interface SchemaNode extends KeyMarks {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
}

/** The schema as others read it: editors, documentation, packagers. */
export function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;
}

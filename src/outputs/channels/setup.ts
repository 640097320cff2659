import { readSecret } from '../../lib/files/secret.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Channel } from './channel.js';
import type { LogFileConfig, WebhookConfig } from './config.js';
import { AlertLogFile } from './log-file.js';
import { Webhook } from './webhook.js';

export interface ChannelsConfig {
  webhooks: readonly WebhookConfig[];
  log_file: LogFileConfig;
}

export interface ChannelDeps {
  host: string;
  now: () => number;
  /** Where addresses are looked for. */
  env: NodeJS.ProcessEnv;
  log: Logger;
}

/** The channels that the configuration describes. */
export function createChannels(config: ChannelsConfig, deps: ChannelDeps): Channel[] {
  return channelPlans(config, deps).map(({ create }) => create());
}

/** Two plans with the same key make the same channel. */
export interface ChannelPlan {
  key: string;
  create(): Channel;
}

export function channelPlans(config: ChannelsConfig, deps: ChannelDeps): ChannelPlan[] {
  const { host, now, env, log } = deps;
  const webhooks = config.webhooks.map((webhook, index): ChannelPlan => {
    const name = `${webhook.type} (webhook ${index + 1})`;
    const place = { env: webhook.url_env, file: webhook.url_file };
    const readAddress = () => readSecret(place, env);
    const create = () => new Webhook(webhook, { name, host, now, log, readAddress });
    return { key: JSON.stringify([name, webhook]), create };
  });
  const { path, min_severity } = config.log_file;
  if (path === undefined) return webhooks;
  const create = () => new AlertLogFile(path, min_severity, log);
  return [...webhooks, { key: JSON.stringify(['log file', path, min_severity]), create }];
}

import { readSecret } from '../config/secret.js';
import type { LogFileConfig, WebhookConfig } from '../config/sections/channels.js';
import type { Logger } from '../log/logger.js';
import type { Channel } from './channel.js';
import { AlertLogFile } from './log-file.js';
import { Webhook } from './webhook.js';

/** The channels that the configuration describes. `env` is where addresses are looked for. */
export function createChannels(
  config: { webhooks: readonly WebhookConfig[]; log_file: LogFileConfig },
  deps: { host: string; now: () => number; env: NodeJS.ProcessEnv; log: Logger },
): Channel[] {
  const { host, now, env, log } = deps;
  const webhooks = config.webhooks.map((webhook, index) => {
    const name = `${webhook.type} (webhook ${index + 1})`;
    const place = { env: webhook.url_env, file: webhook.url_file };
    return new Webhook(webhook, { name, host, now, log, readAddress: () => readSecret(place, env) });
  });
  const { path, min_severity } = config.log_file;
  return path === undefined ? webhooks : [...webhooks, new AlertLogFile(path, min_severity, log)];
}

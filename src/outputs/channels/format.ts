import type { WebhookConfig } from './config.js';
import { discord } from './discord.js';
import { generic } from './generic.js';
import type { Format } from './message.js';
import { ntfy } from './ntfy.js';
import { slack } from './slack.js';

/** A new one: its file, and its line here and in the configuration's `type`. */
export const FORMATS: Readonly<Record<WebhookConfig['type'], Format>> = {
  slack,
  discord,
  ntfy,
  json: generic,
};

import type { TrackerOptions } from '../agents/tracker/tracker.js';
import type { Config } from './schema.js';

/** What the configuration means for the tracker. */
export function trackerOptions(config: Config): TrackerOptions {
  return {
    wait_threshold_ms: config.state.wait_threshold_ms,
    stall_after_ms: config.state.stall_after_s * 1000,
    exited_keep_ms: config.state.exited_keep_s * 1000,
    self_reported: config.evidence.words,
  };
}

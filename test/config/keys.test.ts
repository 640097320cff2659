import { expect, it } from 'vitest';
import { configKeys } from '../../src/config/keys.js';

/** A new key that is missing here is root's until its place in the schema says otherwise. */
it('what decides what root runs, reads, writes and sends keys to is root’s to change', () => {
  const keys = configKeys().filter(({ changed_by }) => changed_by === 'root');
  expect(keys.map(({ name }) => name)).toEqual([
    'sensor.bpftrace',
    'badges.directory',
    'badges.session_directory',
    'ai.provider',
    'ai.base_url',
    'ai.api_key_env',
    'ai.api_key_file',
    'log_file.path',
    'webhooks',
    'actions.protected_commands',
    'actions.protected_pids',
  ]);
});

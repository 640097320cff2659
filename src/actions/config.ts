import { z } from 'zod';
import { BY_GROUP, BY_ROOT, LIVE } from '../model/config-key.js';

/** Names of programs that vigil never ends unless they are taken off this list; more are built in. */
export const PROTECTED_COMMANDS = [
  'sshd*',
  'systemd*',
  'dbus*',
  'Xorg',
  'Xwayland',
  'login',
  'agetty',
  'sudo',
  'su',
  'NetworkManager',
  'wpa_supplicant',
  'pipewire*',
  'wireplumber',
  'polkitd',
  'containerd*',
  'dockerd',
  'gdm*',
  'sddm*',
  'lightdm*',
];

const glob = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^/\0]+$/, 'must be the name of a program without its folder; `*` and `?` are allowed');

const actions = z
  .strictObject({
    mode: z
      .enum(['observe', 'suggest', 'auto'])
      .default('observe')
      .describe(
        'What vigil does about an alert: `observe` tells of it, `suggest` adds the exact command, `auto` also ends what is proven to be left over by a dead agent session, and nothing else.',
      ),
    dry_run: z
      .boolean()
      .default(false)
      .describe('Decide and record everything, but signal nobody and start nothing.'),
    grace_s: z
      .number()
      .min(0.1)
      .max(300)
      .default(5)
      .describe('How long a process has to end after SIGTERM before SIGKILL.'),
    max_per_minute: z
      .int()
      .min(1)
      .max(1000)
      .default(30)
      .describe('How many processes `auto` ends in any minute; the rest waits its turn.'),
    max_per_hour: z
      .int()
      .min(1)
      .max(10_000)
      .default(300)
      .describe('How many processes `auto` ends in any hour; the rest waits its turn.'),
    keep_newest: z
      .int()
      .min(0)
      .max(1000)
      .default(1)
      .describe(
        'Of the same command that a finished session left many times, `auto` keeps the newest so many.',
      ),
    protected_commands: z
      .array(glob)
      .max(256)
      .default(PROTECTED_COMMANDS)
      .describe(
        'Programs that vigil never signals: names with `*` and `?`. Always protected, whatever stands here: init, kernel threads, vigil itself and all it came from, compositors, terminals and their multiplexers, interactive shells, services of systemd, live agents.',
      )
      .meta(BY_ROOT),
    protected_pids: z
      .array(z.int().min(1).max(4_194_304))
      .max(256)
      .default([])
      .describe('Process ids that vigil never signals.')
      .meta(BY_ROOT),
  })
  .describe('What vigil may do about an alert.')
  .meta({ ...BY_GROUP, ...LIVE });

/** `[actions]` */
export const actionsConfig = { actions: actions.prefault({}) };

export type ActionsConfig = z.infer<typeof actions>;

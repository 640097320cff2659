import { resolve } from 'node:path';
import { LOG_LEVELS, type LogLevel } from '../../lib/log/levels.js';
import { defaultPlaces } from '../../model/places.js';
import { defineCommand, OK } from '../command.js';

const EXIT_MS = 2_000;

const LOG_FORMATS = ['auto', 'journal', 'pretty', 'json'] as const;

export const daemon = defineCommand({
  usage: 'daemon',
  describe: 'Watch the agents of this machine, in the foreground, until SIGTERM or SIGINT',
  details: [
    'It is also what vigil does without a command.',
    'As root it sees the agents of all users and uses eBPF through bpftrace. Without root it sees those of its user, from /proc and from what the agents write themselves.',
  ],
  options: {
    config: { type: 'string', requiresArg: true, describe: 'Configuration file' },
    'state-dir': { type: 'string', requiresArg: true, describe: 'Folder for what must survive a restart' },
    record: {
      type: 'string',
      requiresArg: true,
      describe: 'Write everything that is observed into this file',
    },
    'log-level': { choices: LOG_LEVELS, requiresArg: true, describe: 'Least important messages to log' },
    'log-format': {
      choices: LOG_FORMATS,
      default: 'auto',
      requiresArg: true,
      describe: 'Form of the log: by default as systemd, a terminal or a file wants it',
    },
  },
  async run(args, io) {
    const { StopSignals } = await import('../../daemon/lifecycle/stop-signals.js');
    const signals = new StopSignals();
    // Only here: the other commands need not load what watches agents.
    const { loadConfig } = await import('../../config/load.js');
    const { createLogger } = await import('../../lib/log/logger.js');
    const places = defaultPlaces(process.geteuid!(), io.env);
    const configFile = resolve(args.config ?? places.config);
    const configNamed = args.config !== undefined;
    const { config, warnings } = loadConfig(configFile, { explicit: configNamed });
    const level = (args.logLevel as LogLevel | undefined) ?? config.log_level;
    const format = args.logFormat as (typeof LOG_FORMATS)[number];
    const logger = createLogger(format === 'auto' ? { level } : { level, format });
    if (args.implied) logger.info('vigil alone is vigil daemon; vigil --help lists the other commands');
    const options = {
      config,
      configWarnings: warnings,
      configFile,
      configNamed,
      levelNamed: args.logLevel !== undefined,
      runtimeDir:
        args.runtimeDir ?? firstOf(io.env.VIGIL_RUNTIME_DIR, io.env.RUNTIME_DIRECTORY) ?? places.runtimeDir,
      stateDir: args.stateDir ?? firstOf(io.env.STATE_DIRECTORY) ?? places.stateDir,
      record: args.record ?? null,
      logger,
    };
    if (signals.signal.aborted) return OK;
    const { runDaemon } = await import('../../daemon/main.js');
    const code = await runDaemon(options, signals);
    // Whatever could not be stopped must not keep the process.
    setTimeout(() => process.exit(code), EXIT_MS).unref();
    return code;
  },
});

/** systemd gives its folders in the environment, several with colons between them. */
function firstOf(...values: (string | undefined)[]): string | undefined {
  return values.map(value => value?.split(':')[0]).find(value => value !== undefined && value !== '');
}

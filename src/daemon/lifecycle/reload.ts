import { realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Reloaded } from '../../api/reports/configuration.js';
import type { ConfigHealth } from '../../api/reports/health.js';
import type { ConfigurationService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import { type Change, changeConfig } from '../../config/change.js';
import { configKeys, valueAt } from '../../config/keys.js';
import { ConfigError, type ConfigProblem, formatProblem, loadConfig } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import type { Logger } from '../../lib/log/logger.js';
import { printable } from '../../lib/text/printable.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { Viewer } from '../../model/viewer.js';
import type { Modules } from './modules.js';

export interface ConfigReloaderOptions {
  /** Where the file is, or would be. */
  file: string;
  /** It was named, so it must exist. */
  explicit: boolean;
  /** As the daemon was started with. */
  config: Config;
  warnings?: readonly ConfigProblem[];
  logger: Logger;
  bus: Pick<Bus, 'emit'>;
  /** Who lives by it. */
  modules: Pick<Modules<Config>, 'configure'>;
  debounce_ms?: number;
}

/** Editors write in several steps. */
const DEBOUNCE_MS = 300;

/**
 * The configuration while the daemon runs: takes over what can be taken over when the file changes, says the
 * rest, and keeps the one before when the file is broken. Which keys are live stands in the schema.
 */
export class ConfigReloader implements Module, ConfigurationService {
  readonly name = 'configuration';
  /** In effect: what is live as in the file, the rest as at the start. */
  private current: Config;
  /** As the file was when it was last right. */
  private latest: Config;
  private restart: string[] = [];
  private problem: string | null = null;
  private warnings: readonly ConfigProblem[] = [];
  private readonly watches: DirectoryWatch[] = [];
  /** What each file was when it was read last. */
  private readonly seen = new Map<string, string>();
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  /** Somebody asked before it could be done. */
  private asked = false;

  constructor(private readonly options: ConfigReloaderOptions) {
    this.current = options.config;
    this.latest = options.config;
    this.warn(options.warnings ?? []);
  }

  /** What the file says; some of it may wait for a restart. */
  get configured(): Config {
    return this.latest;
  }

  /** From here on everybody is there to be told. */
  start(): void {
    this.running = true;
    for (const path of places(this.options.file)) {
      const watch = new DirectoryWatch(
        dirname(path),
        name => {
          if (name === basename(path)) this.soon();
        },
        // Without its folder there is nothing to watch, and this comes each second.
        () => {
          if (signatureOf(path) !== this.seen.get(path)) this.soon();
        },
      );
      this.seen.set(path, signatureOf(path));
      watch.start();
      this.watches.push(watch);
    }
    if (this.asked) this.tryReload();
  }

  stop(): void {
    this.running = false;
    for (const watch of this.watches.splice(0)) watch.close();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** As `reload`, and never throws: what is wrong is logged and kept for `health`. */
  tryReload(): void {
    if (!this.running) {
      this.asked = true;
      return;
    }
    try {
      this.reload();
    } catch {
      // It was called by a timer or a signal: nobody is there to be told but those who read log and health.
    }
  }

  /**
   * Reads the file again. @throws ConfigError when it is broken, and what those throw who cannot live by it: then
   * nothing changes
   */
  reload(): Reloaded {
    const { file, explicit, logger } = this.options;
    for (const path of this.seen.keys()) this.seen.set(path, signatureOf(path));
    let taken: Reloaded;
    try {
      const { config, warnings } = loadConfig(file, { explicit });
      taken = this.take(config);
      this.warn(warnings);
    } catch (error) {
      this.broken(error);
      throw error;
    }
    if (this.problem !== null) logger.info({ file }, 'the configuration is right again');
    this.problem = null;
    return taken;
  }

  /** Changes the file, and takes it over. @throws ChangeError and what it wraps, ConfigError */
  update(changes: readonly Change[]): Reloaded {
    changeConfig(this.options.file, changes);
    return this.reload();
  }

  /** What the file says is for who may read it. */
  state(viewer: Viewer): ConfigHealth {
    const { problem, restart, warnings } = this;
    const renamed = viewer.kind === 'all' ? warnings.map(({ message }) => message) : [];
    const isHidden = problem !== null && viewer.kind !== 'all';
    return {
      file: this.options.file,
      problem: isHidden ? 'the configuration has a fault: root sees which' : problem,
      restart,
      ...(renamed.length > 0 && { renamed }),
    };
  }

  health(viewer: Viewer): ModuleHealth {
    const { problem } = this.state(viewer);
    return { problems: problem === null ? [] : [problem] };
  }

  private take(next: Config): Reloaded {
    const { bus, logger, modules, config: started } = this.options;
    const merged = structuredClone(next);
    for (const { live, path } of configKeys()) if (!live) put(merged, path, valueAt(started, path));
    const live = differing(this.current, merged);
    const restart = differing(merged, next);
    if (live.length > 0) {
      modules.configure(merged, this.current);
      this.current = merged;
      bus.emit('config.changed', live);
    }
    if (!isDeepStrictEqual(restart, this.restart) && restart.length > 0)
      logger.warn({ changed: restart }, 'a change of the configuration needs a restart');
    this.latest = next;
    this.restart = restart;
    return { live, restart };
  }

  /** Each is said once for as long as it stays. */
  private warn(warnings: readonly ConfigProblem[]): void {
    const known = new Set(this.warnings.map(({ message }) => message));
    for (const warning of warnings)
      if (!known.has(warning.message)) this.options.logger.warn(formatProblem(warning));
    this.warnings = warnings;
  }

  private broken(error: unknown): void {
    const first = error instanceof ConfigError ? error.problems[0] : undefined;
    const why = error instanceof ConfigError ? { reason: error.message } : { err: error };
    const where = first === undefined || first.line === null ? '' : `, line ${first.line}`;
    // Everybody may ask for the health; what stands in the file is not everybody's.
    const problem = `${printable(this.options.file, 300)} cannot be used${where}: the configuration before it stays in effect (vigil config check)`;
    if (problem !== this.problem) this.options.logger.error(why, 'the configuration is broken');
    this.problem = problem;
  }

  private soon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.tryReload();
    }, this.options.debounce_ms ?? DEBOUNCE_MS);
    this.timer.unref();
  }
}

function differing(a: Config, b: Config): string[] {
  return configKeys()
    .filter(({ path }) => !isDeepStrictEqual(valueAt(a, path), valueAt(b, path)))
    .map(({ name }) => name);
}

function put(config: Config, path: readonly string[], value: unknown): void {
  const table = valueAt(config, path.slice(0, -1)) as Record<string, unknown>;
  table[path.at(-1)!] = value;
}

/** Two are alike as long as nobody has changed the file. That it cannot be looked at (ELOOP, EACCES) is one, too. */
function signatureOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'none';
  }
}

/** The file, and where a link leads. */
function places(file: string): Set<string> {
  try {
    return new Set([file, realpathSync(file)]);
  } catch {
    return new Set([file]);
  }
}

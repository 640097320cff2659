import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { AgentReport, AlertReport, HealthReport, VigilEvent } from '../../../src/api/client/index.js';
import { type ApiClient, connectToDaemon } from '../../../src/api/client/index.js';

/** The user of the machine whose agents run; image.sh makes it. */
export const USER = 'ann';
export const UID = 1000;
export const RUNTIME_DIR = `/run/user/${UID}`;

/** Runs a program; its standard output. @throws with the last lines that it said, and how it ended. */
export function run(file: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: 120_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trimEnd());
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-4).join('\n');
      reject(new Error(`${file} ${args.join(' ')} ended with ${error.code ?? error.signal}: ${said}`));
    });
  });
}

/** The same, where an exit code other than 0 is an answer. */
export function output(file: string, ...args: string[]): Promise<string> {
  return new Promise(resolve => {
    execFile(file, args, { timeout: 120_000, maxBuffer: 1 << 26 }, (_error, stdout) =>
      resolve(stdout.trimEnd()),
    );
  });
}

/** `argv` as the user, in its own session's environment. */
export function asUser(...argv: string[]): string[] {
  const env = [`XDG_RUNTIME_DIR=${RUNTIME_DIR}`, `DBUS_SESSION_BUS_ADDRESS=unix:path=${RUNTIME_DIR}/bus`];
  const who = ['--reuid', USER, '--regid', USER, '--init-groups', '--reset-env'];
  return ['setpriv', ...who, 'env', ...env, ...argv];
}

/** A property of the service, as systemd has it. */
export function service(property: string): Promise<string> {
  return run('systemctl', 'show', '-P', property, 'vigil');
}

/** Asks the daemon's socket: a command line that starts for each question costs an emulated machine seconds. */
async function ask<T>(question: (client: ApiClient) => Promise<T>): Promise<T> {
  const client = await connectToDaemon();
  try {
    return await question(client);
  } finally {
    client.close();
  }
}

export const health = (): Promise<HealthReport> => ask(client => client.call('health'));
export const alerts = (): Promise<readonly AlertReport[]> =>
  ask(client => client.call('alerts', { all: true }));
export const agents = (): Promise<readonly AgentReport[]> => ask(client => client.call('agents'));
export const events = (): Promise<readonly VigilEvent[]> => ask(client => client.call('events'));

/** @throws when vigil does not know of it. */
export async function agent(pid: number): Promise<AgentReport> {
  const all = await agents();
  const found = all.find(one => one.pid === pid);
  if (found === undefined)
    throw new Error(`no agent ${pid} among ${all.map(one => one.pid).join() || 'none'}`);
  return found;
}

/** Its alert of this rule, open or not. @throws while there is none. */
export async function alertOf(rule: string): Promise<AlertReport> {
  const all = await alerts();
  const found = all.find(alert => alert.rule === rule);
  if (found === undefined)
    throw new Error(`no alert ${rule} among ${all.map(one => one.rule).join() || 'none'}`);
  return found;
}

/** A line of /proc/PID/status, e.g. `CapEff`. */
export function statusLine(pid: number, name: string): string {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
}

export interface Running {
  pid: number;
  ppid: number;
  command: string;
}

/** Every process, with its arguments. */
export function processes(): Running[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return [];
    const pid = Number(name);
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trimEnd();
      return [{ pid, ppid: Number(statusLine(pid, 'PPid')), command }];
    } catch {
      return []; // it has ended since
    }
  });
}

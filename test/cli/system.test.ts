import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Built } from './built.js';
import { vigil } from './io.js';

const children: ChildProcess[] = [];
const strays: number[] = [];
const dir = mkdtempSync(join(tmpdir(), 'vigil-system-'));
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pid of strays.splice(0)) process.kill(pid, 'SIGKILL');
});

/** A process of that name; answers when it has printed a line. */
async function named(
  comm: string,
  code: string,
): Promise<{ pid: number; child: ChildProcess; line: string }> {
  const rename = `import ctypes,os,sys,time\nctypes.CDLL(None).prctl(15, ${JSON.stringify(comm)}.encode(), 0, 0, 0)\n`;
  const child = spawn('python3', ['-c', rename + code], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>(resolve =>
    createInterface({ input: child.stdout! }).once('line', resolve),
  );
  return { pid: child.pid!, child, line };
}
const IDLE = 'print(1, flush=True)\ntime.sleep(60)';
const SPIN = 'print(1, flush=True)\nwhile True: pass';

interface Line {
  source: string;
  pid: number;
  comm: string;
  timestamp: number;
  data: {
    cpu: { percent: string; cores: number };
    memory: { rss_kb: number };
    process: { threads: number; children: number };
    alert: boolean;
  };
}
const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
const system = (...args: string[]) => vigil(['system', '-i', '0.3', ...args]);
const killAtFirstLine = (child: ChildProcess) => ({
  out(this: { stdout: string }, text: string) {
    this.stdout += text;
    child.kill('SIGKILL');
  },
});

describe('vigil system', () => {
  it('tells a process at work from one at rest, from the first line on', async () => {
    const spinner = await named('vigil-busy', SPIN);
    const sleeper = await named('vigil-rest', IDLE);
    const { code, out, err } = await system('--count', '2', '-c', 'vigil-', '--cpu-threshold', '0.5');
    const of = (pid: number) => lines(out).filter(line => line.pid === pid);
    expect(of(spinner.pid)).toHaveLength(2);
    expect(of(sleeper.pid)).toHaveLength(2);
    for (const line of of(spinner.pid)) {
      expect(Number(line.data.cpu.percent)).toBeGreaterThan(0.5);
      expect(line.data.alert).toBe(true);
    }
    for (const line of of(sleeper.pid)) {
      expect(line).toMatchObject({ source: 'system', comm: 'vigil-rest' });
      expect(line.data).toMatchObject({ cpu: { percent: '0.00' }, alert: false });
      expect(line.data.memory.rss_kb).toBeGreaterThan(1000);
      expect(Math.abs(line.timestamp / 1e6 - Date.now())).toBeLessThan(60_000);
    }
    expect([code, err]).toEqual([0, '']);
  });

  const FAMILY = `a = os.fork()
if a == 0:
    os.setsid()
    time.sleep(60)
print(a, flush=True)
time.sleep(60)`;

  it('adds what a process started, or does not', async () => {
    const { pid, line } = await named('vigil-family', FAMILY);
    strays.push(Number(line));
    const together = lines((await system('--count', '1', '-c', 'vigil-family')).out);
    expect(together.map(one => [one.pid, one.data.process])).toEqual([[pid, { threads: 2, children: 1 }]]);
    const apart = lines((await system('--count', '1', '-c', 'vigil-family', '--no-children')).out);
    expect(apart.map(one => one.pid).sort()).toEqual([pid, Number(line)].sort());
    expect(apart[0]?.data.process).toEqual({ threads: 1, children: 0 });
    const whole = together[0]!.data.memory.rss_kb;
    expect(whole).toBeGreaterThan(apart[0]!.data.memory.rss_kb);
  });

  it('one line for the whole machine when nothing was asked for', async () => {
    const [line] = lines((await system('--count', '1')).out);
    expect(line).toMatchObject({ pid: 0, comm: 'system' });
    expect(line!.data.process.children).toBeGreaterThan(1);
    expect(line!.data.memory.rss_kb).toBeGreaterThan(10_000);
  });

  it('says when the process has ended', async () => {
    const { pid, child } = await named(') R 1 (\u001b[2J', IDLE);
    const { code, out, err } = await vigil(
      ['system', '-i', '0.3', '-p', String(pid)],
      killAtFirstLine(child),
    );
    expect(lines(out).length).toBeGreaterThan(0);
    expect(lines(out)[0]?.comm).toBe(') R 1 (\u001b[2J');
    expect(err).toBe(`vigil: process ${pid} () R 1 (\\x1b[2J) has ended\n`);
    expect(code).toBe(0);
  });

  it('fails when it ended before enough samples were made', async () => {
    const { pid, child } = await named('vigil-short', IDLE);
    const args = ['system', '-i', '0.3', '-p', String(pid), '--count', '1000'];
    expect(await vigil(args, killAtFirstLine(child))).toMatchObject({ code: 1 });
  });

  it('waits for a name that nobody has, and says so', async () => {
    const { code, out, err } = await system('-c', 'nobody-has-it', '--count', '2');
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe('vigil: no process has "nobody-has-it" in its name: waiting\n');
  });

  it('appends to a file that only its owner may read', async () => {
    const file = join(dir, 'out.log');
    for (let i = 0; i < 2; i++)
      expect(await system('--count', '1', '--output', file)).toMatchObject({ code: 0, out: '' });
    expect(lines(readFileSync(file, 'utf8'))).toHaveLength(2);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['-p 4194305', 1, 'vigil: there is no process 4194305\n'],
    [`-p ${process.pid} -c other`, 1, `vigil: there is no process ${process.pid} with "other" in its name\n`],
    ['-p 0', 2, 'vigil: --pid takes a number above 0, not "0"\nvigil: see vigil system --help\n'],
    ['-p x', 2, 'vigil: --pid takes a number above 0, not "x"\nvigil: see vigil system --help\n'],
    ['--count 1.5', 2, 'vigil: --count takes a number above 0, not "1.5"\nvigil: see vigil system --help\n'],
    [
      '--cpu-threshold much',
      2,
      'vigil: --cpu-threshold takes a number, not "much"\nvigil: see vigil system --help\n',
    ],
    [
      '-i 0.01',
      2,
      'vigil: --interval takes 0.1 to 86400 seconds, not 0.01\nvigil: see vigil system --help\n',
    ],
    ['--output /nonexistent/x', 2, 'vigil: cannot write /nonexistent/x: ENOENT\n'],
    ['--output /dev/full --count 1', 2, 'vigil: cannot write /dev/full: ENOSPC\n'],
  ])('%s', async (args, code, err) => {
    expect(await vigil(['system', ...args.split(' ')])).toEqual({ code, err, out: '' });
  });
});

describe('as a program', () => {
  let built: Built;
  beforeAll(() => {
    built = new Built();
  }, 60_000);
  afterAll(() => built.remove());

  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [built.bin, 'system', '-i', '0.1']);
    children.push(child);
    return child;
  };
  const end = (child: ChildProcess) =>
    new Promise(resolve => child.once('exit', (code, signal) => resolve([code, signal])));

  it('ends well when it is interrupted', async () => {
    const child = start();
    let text = '';
    child.stdout!.on('data', chunk => {
      text += chunk;
    });
    await new Promise(resolve => child.stdout!.once('data', resolve));
    child.kill('SIGINT');
    expect(await end(child)).toEqual([0, null]);
    expect(lines(text).length).toBeGreaterThan(0);
  });

  it('ends well when nobody reads any more', async () => {
    const child = start();
    let err = '';
    child.stderr!.on('data', chunk => {
      err += chunk;
    });
    await new Promise(resolve => child.stdout!.once('data', resolve));
    child.stdout!.destroy();
    expect(await end(child)).toEqual([0, null]);
    expect(err).toBe('');
  });
});

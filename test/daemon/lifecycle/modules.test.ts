import { describe, expect, it } from 'vitest';
import { Modules } from '../../../src/daemon/lifecycle/modules.js';
import type { Module } from '../../../src/model/module.js';

function rig(limits: { stop_ms?: number; total_ms?: number } = {}) {
  const said: string[] = [];
  const logger = { error: (fields: object) => said.push(`error ${(fields as { part: string }).part}`) };
  const modules = new Modules({ logger: logger as never, ...limits });
  const module = (name: string, more: Partial<Module> = {}): Module => ({
    name,
    start: () => said.push(`start ${name}`),
    stop: () => said.push(`stop ${name}`),
    ...more,
  });
  return { modules, module, said };
}

const never = () => new Promise<void>(() => {});
const unaborted = new AbortController().signal;

describe('the modules of the daemon', () => {
  it('start in their order and stop in reverse', async () => {
    const { modules, module, said } = rig();
    await modules.start([module('a'), module('b')], unaborted);
    await modules.stop();
    expect(said).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('that hang in their start are not waited for when the signal comes, and stopped with those before', async () => {
    const { modules, module, said } = rig();
    const controller = new AbortController();
    const start = () => {
      queueMicrotask(() => controller.abort('SIGTERM'));
      return never();
    };
    const starting = modules.start([module('a'), module('b', { start }), module('c')], controller.signal);
    await expect(starting).rejects.toBe('SIGTERM');
    await modules.stop();
    expect(said).toEqual(['start a', 'stop b', 'stop a']);
  });

  it('that fail in their start are stopped, too', async () => {
    const { modules, module, said } = rig();
    const start = async () => {
      throw new Error('no');
    };
    await expect(
      modules.start([module('a'), module('b', { start }), module('c')], unaborted),
    ).rejects.toThrow('no');
    await modules.stop();
    expect(said).toEqual(['start a', 'stop b', 'stop a']);
  });

  it('are stopped however the others fail or hang', async () => {
    const { modules, module, said } = rig({ stop_ms: 20 });
    const fails = () => {
      throw new Error('no');
    };
    const rejects = async () => fails();
    await modules.start(
      [
        module('a'),
        module('throws', { stop: fails }),
        module('b'),
        module('rejects', { stop: rejects }),
        module('hangs', { stop: never }),
      ],
      unaborted,
    );
    await modules.stop();
    expect(said.filter(word => !word.startsWith('start'))).toEqual([
      'error hangs',
      'error rejects',
      'stop b',
      'error throws',
      'stop a',
    ]);
  });

  it('that all hang are left behind within the time for all of them', async () => {
    const { modules, module, said } = rig({ stop_ms: 60_000, total_ms: 50 });
    const hanging = ['a', 'b', 'c'].map(name => module(name, { stop: never }));
    await modules.start(hanging, unaborted);
    await modules.stop();
    expect(said.slice(3)).toEqual(['error c', 'error b', 'error a']);
  });
});

describe('a change of the configuration', () => {
  const living = (said: string[], name: string, throwsAt?: string): Module<string> => ({
    name,
    configure: config => {
      said.push(`${name}: ${config}`);
      if (config === throwsAt) throw new Error(`${name} cannot live by ${config}`);
    },
  });

  it('reaches every module, in their order', async () => {
    const said: string[] = [];
    const modules = new Modules<string>({ logger: { error: () => {}, debug: () => {} } });
    await modules.start([living(said, 'a'), { name: 'b' }, living(said, 'c')], unaborted);
    modules.configure('new', 'old');
    expect(said).toEqual(['a: new', 'c: new']);
  });

  it('that one cannot live by is none: all have the one before', async () => {
    const said: string[] = [];
    const modules = new Modules<string>({ logger: { error: () => {}, debug: () => {} } });
    await modules.start([living(said, 'a'), living(said, 'b', 'new'), living(said, 'c')], unaborted);
    expect(() => modules.configure('new', 'old')).toThrow('b cannot live by new');
    expect(said).toEqual(['a: new', 'b: new', 'a: old', 'b: old', 'c: old']);
  });
});

describe('their health', () => {
  it('is the problems of all, and what each reports under its name, as far as the viewer may see', async () => {
    const modules = new Modules({ logger: { error: () => {}, debug: () => {} } });
    const list: Module[] = [
      { name: 'quiet' },
      { name: 'a', health: ({ kind }) => ({ problems: kind === 'all' ? ['a secret'] : ['something'] }) },
      { name: 'b', health: () => ({ problems: [], report: { sent: 3 } }) },
    ];
    await modules.start(list, unaborted);
    expect(modules.health({ kind: 'all' })).toEqual({ problems: ['a secret'], reports: { b: { sent: 3 } } });
    expect(modules.health({ kind: 'user', uid: 1000 }).problems).toEqual(['something']);
  });

  it('of one that cannot tell it is a problem, and the others tell theirs', async () => {
    const said: object[] = [];
    const modules = new Modules({
      logger: { error: (fields: unknown) => said.push(fields as object), debug: () => {} },
    });
    const broken = () => {
      throw new Error('EMFILE');
    };
    await modules.start(
      [
        { name: 'a', health: broken },
        { name: 'b', health: () => ({ problems: ['b'] }) },
      ],
      unaborted,
    );
    expect(modules.health({ kind: 'all' }).problems).toEqual([expect.stringMatching(/^a: its health/), 'b']);
    expect(said).toMatchObject([{ part: 'a', err: { message: 'EMFILE' } }]);
  });
});

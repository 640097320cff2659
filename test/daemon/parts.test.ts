import { describe, expect, it } from 'vitest';
import { type Part, Parts } from '../../src/daemon/parts.js';

function rig(limits: { stop_ms?: number; total_ms?: number } = {}) {
  const said: string[] = [];
  const logger = { error: (fields: object) => said.push(`error ${(fields as { part: string }).part}`) };
  const parts = new Parts({ logger: logger as never, ...limits });
  const part = (name: string, more: Partial<Part> = {}): Part => ({
    name,
    start: () => said.push(`start ${name}`),
    stop: () => said.push(`stop ${name}`),
    ...more,
  });
  return { parts, part, said };
}

const never = () => new Promise<void>(() => {});
const unaborted = new AbortController().signal;

describe('the parts of the daemon', () => {
  it('start in their order and stop in reverse', async () => {
    const { parts, part, said } = rig();
    await parts.start([part('a'), part('b')], unaborted);
    await parts.stop();
    expect(said).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('that hang in their start are not waited for when the signal comes, and stopped with those before', async () => {
    const { parts, part, said } = rig();
    const controller = new AbortController();
    const start = () => {
      queueMicrotask(() => controller.abort('SIGTERM'));
      return never();
    };
    const starting = parts.start([part('a'), part('b', { start }), part('c')], controller.signal);
    await expect(starting).rejects.toBe('SIGTERM');
    await parts.stop();
    expect(said).toEqual(['start a', 'stop b', 'stop a']);
  });

  it('that fail in their start are stopped, too', async () => {
    const { parts, part, said } = rig();
    const start = async () => {
      throw new Error('no');
    };
    await expect(parts.start([part('a'), part('b', { start }), part('c')], unaborted)).rejects.toThrow('no');
    await parts.stop();
    expect(said).toEqual(['start a', 'stop b', 'stop a']);
  });

  it('are stopped however the others fail or hang', async () => {
    const { parts, part, said } = rig({ stop_ms: 20 });
    const fails = () => {
      throw new Error('no');
    };
    const rejects = async () => fails();
    await parts.start(
      [
        part('a'),
        part('throws', { stop: fails }),
        part('b'),
        part('rejects', { stop: rejects }),
        part('hangs', { stop: never }),
      ],
      unaborted,
    );
    await parts.stop();
    expect(said.filter(word => !word.startsWith('start'))).toEqual([
      'error hangs',
      'error rejects',
      'stop b',
      'error throws',
      'stop a',
    ]);
  });

  it('that all hang are left behind within the time for all of them', async () => {
    const { parts, part, said } = rig({ stop_ms: 60_000, total_ms: 50 });
    const hanging = ['a', 'b', 'c'].map(name => part(name, { stop: never }));
    await parts.start(hanging, unaborted);
    await parts.stop();
    expect(said.slice(3)).toEqual(['error c', 'error b', 'error a']);
  });
});

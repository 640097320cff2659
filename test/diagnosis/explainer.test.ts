import { describe, expect, it, vi } from 'vitest';
import type { Explanation } from '../../src/diagnosis/advisor.js';
import { Explainer } from '../../src/diagnosis/explainer.js';
import type { Failure } from '../../src/diagnosis/failure.js';
import type { Question } from '../../src/diagnosis/question.js';
import type { Alert, AlertChange } from '../../src/model/alert.js';
import { alert, question } from './incident.js';

function change(
  id: number,
  severity: Alert['severity'],
  type: AlertChange['type'] = 'alert_opened',
): AlertChange {
  return { type, time_ms: 0, alert: alert({ id, severity }) };
}

function rig() {
  const asked: number[] = [];
  const explained: number[] = [];
  const failed: number[] = [];
  const state: {
    unavailable: Failure | null;
    busy: number;
    gate: Promise<void>;
    broken: boolean;
    throwing: number[];
  } = {
    broken: false,
    throwing: [],
    unavailable: null,
    busy: 0,
    gate: Promise.resolve(),
  };
  const explainer = new Explainer('warning', {
    advisor: {
      unavailable: () => state.unavailable,
      explain: async (asking: Question) => {
        if (asking.about.kind === 'alert') asked.push(asking.about.alert.id);
        await state.gate;
        const busy = state.busy-- > 0;
        return { failure: busy ? { code: 'busy', message: '', wait_ms: null } : null } as Explanation;
      },
    },
    questionOf: about => {
      if (state.throwing.includes(about.id)) throw new Error('no look at the machine yet');
      return question({ about: { kind: 'alert', alert: about } });
    },
    explained: about => {
      if (state.broken) throw new Error('a bug');
      explained.push(about.id);
    },
    failed: about => {
      failed.push(about.id);
      if (about.id === 13) throw new Error('no log either');
    },
  });
  return { asked, explained, failed, state, explainer };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 20));

describe('alerts are explained without being asked', () => {
  it('from the severity on that was configured, once, and again when it got worse', async () => {
    const { asked, explainer } = rig();
    explainer.hear(change(1, 'info'));
    explainer.hear(change(2, 'warning'));
    await settled();
    explainer.hear(change(2, 'warning', 'alert_updated'));
    explainer.hear(change(1, 'high', 'alert_updated'));
    await settled();
    explainer.hear(change(1, 'warning', 'alert_updated'));
    await settled();
    expect(asked).toEqual([2, 1]);
  });

  it('also after one for which that failed by an error of vigil itself', async () => {
    const { explained, failed, state, explainer } = rig();
    state.broken = true;
    explainer.hear(change(1, 'high'));
    await settled();
    expect(failed).toEqual([1]);
    state.broken = false;
    explainer.hear(change(2, 'high'));
    await settled();
    expect(explained).toEqual([2]);
  });

  it('one after the other, the worst and newest first, without those that are over', async () => {
    const { asked, state, explainer } = rig();
    let open = (): void => {};
    state.gate = new Promise(resolve => {
      open = resolve;
    });
    explainer.hear(change(1, 'warning'));
    for (const [id, severity] of [
      [2, 'warning'],
      [3, 'critical'],
      [4, 'high'],
      [5, 'critical'],
    ] as const) {
      explainer.hear(change(id, severity));
    }
    explainer.hear(change(4, 'high', 'alert_resolved'));
    open();
    await settled();
    expect(asked).toEqual([1, 5, 3, 2]);
  });

  it('waits for the cooldown', async () => {
    const { asked, explained, state, explainer } = rig();
    state.unavailable = { code: 'cooldown', message: '', wait_ms: 30 };
    explainer.hear(change(1, 'high'));
    await settled();
    expect(asked).toEqual([]);
    state.unavailable = null;
    await settled();
    expect(explained).toEqual([1]);
  });

  it('does not wait for what does not pass: the rules explain', async () => {
    const { explained, state, explainer } = rig();
    state.unavailable = { code: 'no_key', message: '', wait_ms: null };
    explainer.hear(change(1, 'high'));
    await settled();
    expect(explained).toEqual([1]);
  });

  it('an alert that met a busy model stays for later', async () => {
    const { explained, state, explainer } = rig();
    state.busy = 1;
    explainer.hear(change(1, 'high'));
    await settled();
    expect(explained).toEqual([]);
    explainer.stop();
  });

  it('an alert that is over when the model turns out to be busy is not asked about again', async () => {
    const { asked, state, explainer } = rig();
    let open = (): void => {};
    state.gate = new Promise(resolve => {
      open = resolve;
    });
    state.busy = 1;
    explainer.hear(change(1, 'high'));
    explainer.hear(change(1, 'high', 'alert_resolved'));
    vi.useFakeTimers();
    open();
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect(asked).toEqual([1]);
    explainer.stop();
  });

  it('a flood leaves the mildest out', async () => {
    const { asked, state, explainer } = rig();
    let open = (): void => {};
    state.gate = new Promise(resolve => {
      open = resolve;
    });
    for (let id = 1; id <= 100; id++) explainer.hear(change(id, id % 2 === 0 ? 'high' : 'warning'));
    open();
    await settled();
    expect(asked).toHaveLength(21);
    expect(asked.slice(1).every(id => id % 2 === 0)).toBe(true);
  });

  it('one that fails leaves the others and those to come; it is counted and told', async () => {
    const { asked, failed, state, explainer } = rig();
    state.throwing = [1, 13];
    explainer.hear(change(1, 'critical'));
    explainer.hear(change(13, 'critical'));
    explainer.hear(change(2, 'warning'));
    await settled();
    explainer.hear(change(3, 'warning'));
    await settled();
    expect(asked).toEqual([2, 3]);
    expect(failed).toEqual([1, 13]);
  });

  it('stops', async () => {
    const { asked, explainer } = rig();
    explainer.stop();
    explainer.hear(change(1, 'critical'));
    await settled();
    expect(asked).toEqual([]);
  });
});

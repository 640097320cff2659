import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../src/diagnosis/question.js';
import { type Diagnosis, readAnswer } from '../../src/diagnosis/schema.js';
import { proposalsOf } from '../../src/diagnosis/targets.js';
import { ACTION_TYPES, RISKS } from '../../src/model/action.js';
import { question } from './incident.js';

const context = contextOf(question());

function answer(action: Record<string, unknown>): Diagnosis {
  const actions = [
    { type: 'kill_process', target: '', command: '', risk: 'safe', explanation: '', ...action },
  ];
  const read = readAnswer(JSON.stringify({ diagnostic: 'd', severity: 'info', actions, prevention: '' }));
  if (!read.ok) throw new Error(read.message);
  return read.diagnosis;
}

describe('what a model may mean', () => {
  it('is a process of the question, with the start time it had then', () => {
    const { proposals, left_out } = proposalsOf(answer({ target: '4711' }), context);
    expect(proposals[0]!.target).toMatchObject({
      kind: 'processes',
      processes: [{ pid: 4711, start_ticks: 47110 }],
    });
    expect(left_out).toEqual([]);
  });

  it('is each process once, without those that were not in the question', () => {
    const { proposals, left_out } = proposalsOf(answer({ target: '4711, 4711 4712,9999' }), context);
    expect(proposals[0]!.target).toMatchObject({ processes: [{ pid: 4711 }, { pid: 4712 }] });
    expect(left_out).toEqual(['kill_process of "9999": no such process was in the question']);
  });

  it('tells of at most twenty that it left out', () => {
    const { left_out } = proposalsOf(answer({ target: '9,'.repeat(300) }), context);
    expect(left_out).toHaveLength(20);
  });

  it('is a unit of the question', () => {
    const { proposals } = proposalsOf(answer({ type: 'restart_service', target: 'ssh.service' }), context);
    expect(proposals[0]!.target).toEqual({ kind: 'unit', unit: 'ssh.service' });
    const other = proposalsOf(answer({ type: 'restart_service', target: 'ssh.service; reboot' }), context);
    expect(other.proposals).toEqual([]);
    expect(other.left_out[0]).toContain('no such unit');
  });

  it.each([
    '1',
    '0',
    '-1',
    '-4711',
    '4294967295',
    '4294972007',
    '04711',
    '4711.0',
    '4711e0',
    '0x1267',
    '+4711',
    '٤٧١١',
    '$(pidof systemd)',
    '`id`',
    'systemd',
    'pid',
    '/proc/1',
    '*',
    '',
    '\u0000',
  ])('is never %j', target => {
    for (const type of ['kill_process', 'kill_group', 'renice', 'restart_service'] as const) {
      const { proposals, left_out } = proposalsOf(answer({ type, target }), context);
      expect(proposals).toEqual([]);
      expect(left_out.length).toBeGreaterThan(0);
    }
  });

  it('is never anything else, whatever is written', () => {
    const word = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom(
        '4711',
        '4712',
        '1',
        '-1',
        ';',
        '|',
        '$(kill 1)',
        '> /etc/passwd',
        '&',
        '4294967295',
        ',',
        ' ',
      ),
    );
    const action = fc.record({
      type: fc.constantFrom(...ACTION_TYPES),
      target: fc.array(word, { maxLength: 5 }).map(words => words.join('')),
      command: fc.string(),
      risk: fc.constantFrom(...RISKS),
      explanation: fc.string(),
    });
    fc.assert(
      fc.property(action, written => {
        for (const { target, type, risk } of proposalsOf(answer(written), context).proposals) {
          expect([type, risk]).toEqual([written.type, written.risk]);
          if (target.kind === 'processes') {
            for (const process of target.processes) expect(context.processes.get(process.pid)).toBe(process);
            expect(target.processes.every(({ pid }) => pid > 1)).toBe(true);
          }
          if (target.kind === 'unit') expect(context.units).toContain(target.unit);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an answer', () => {
  const good = { diagnostic: 'd', severity: 'info', actions: [], prevention: '' };

  it('is cut where it is too long, but for targets', () => {
    const action = { type: 'custom', target: '', command: 'c'.repeat(9000), risk: 'safe', explanation: 'e' };
    const read = readAnswer(
      JSON.stringify({ ...good, diagnostic: 'd'.repeat(9000), actions: Array(50).fill(action) }),
    );
    if (!read.ok) throw new Error(read.message);
    expect(read.diagnosis.diagnostic).toHaveLength(4000);
    expect(read.diagnosis.actions).toHaveLength(20);
    expect(read.diagnosis.actions[0]!.command).toHaveLength(500);
    const long = readAnswer(JSON.stringify({ ...good, actions: [{ ...action, target: '1,'.repeat(5000) }] }));
    expect(long).toEqual({ ok: false, message: 'the answer has not the agreed form (at actions.0.target)' });
  });

  it.each([
    '',
    'null',
    '[]',
    '7',
    '"x"',
    '{}',
    '{"diagnostic": ""}',
    JSON.stringify({ ...good, diagnostic: '' }),
  ])('%s is none', text => expect(readAnswer(text).ok).toBe(false));

  it('brings nothing along that nobody asked for', () => {
    const read = readAnswer(JSON.stringify({ ...good, argv: ['rm'], __proto__: { a: 1 } }));
    expect(read).toEqual({ ok: true, diagnosis: good });
  });
});

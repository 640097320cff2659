import { describe, expect, it } from 'vitest';
import { KeyDecoder } from '../../src/cli/ui/keys.js';
import { difference } from '../../src/cli/ui/screen.js';
import { wrapped } from '../../src/cli/ui/wrap.js';
import { cutTo, fill, shownWidth } from '../../src/cli/watch/fill.js';
import { tree } from '../../src/cli/watch/lists.js';
import { NOTHING_YET } from '../../src/cli/watch/model.js';
import { width } from '../../src/lib/text/width.js';
import { fakeAgent } from '../api/fake-daemon.js';
import { fakeAlertReport, fakePicture, fakeProcess, Person } from './watch-rig.js';

const HOSTILE = 'a\u001b[2Jb\u202ec\nd';

describe('keys', () => {
  const keys = (...chunks: string[]): string[] => {
    const decoder = new KeyDecoder();
    return chunks.flatMap(chunk => decoder.push(Buffer.from(chunk, 'latin1')));
  };

  it('are told apart, also where a sequence is cut', () => {
    expect(keys('jK', '\u001b[A', '\u001b', '[', 'B', '\u001bOA', '\r\t\u007f\u0003')).toEqual([
      'j',
      'K',
      'up',
      'down',
      'up',
      'enter',
      'tab',
      'backspace',
      'ctrl-c',
    ]);
    expect(keys('\u001b[5~\u001b[3~\u001b[Z\u001b[1;5A\u001b[<0;1;1M')).toEqual([
      'pageup',
      'delete',
      'backtab',
    ]);
  });

  it('of more than one byte stay whole', () => {
    const bytes = Buffer.from('é€😀');
    const decoder = new KeyDecoder();
    expect([...bytes].flatMap(byte => decoder.push(Buffer.from([byte])))).toEqual(['é', '€', '😀']);
  });

  it('an escape alone is one when nothing follows', () => {
    const decoder = new KeyDecoder();
    expect(decoder.push(Buffer.from('\u001b'))).toEqual([]);
    expect(decoder.flush()).toEqual(['escape']);
  });

  it('pasted text is one text, not commands', () => {
    expect(keys('\u001b[200~xy', '\ry\u001b[201~q')).toEqual(['paste:xy\ry', 'q']);
  });
});

describe('the screen', () => {
  it('is written only where it changed', () => {
    expect(difference([], ['a', 'b'])).toContain('\u001b[1;1H\u001b[0m\u001b[Ka');
    expect(difference(['a', 'b', 'c'], ['a', 'B', 'c'])).toBe('\u001b[2;1H\u001b[0m\u001b[KB\u001b[0m');
    expect(difference(['a', 'b'], ['a'])).toBe('\u001b[2;1H\u001b[0m\u001b[K\u001b[0m');
    expect(difference(['a'], ['a'])).toBe('');
  });

  it('coloured lines are cut and filled by what is seen of them', () => {
    const line = 'a\u001b[31mbcdef\u001b[0mg';
    expect(shownWidth(line)).toBe(7);
    expect(cutTo(line, 4)).toBe('a\u001b[31mbc…\u001b[0m');
    expect(fill('ab', 4)).toBe('ab  ');
    expect(shownWidth(fill('漢字漢字', 4))).toBe(4);
  });

  it('long texts are wrapped at words', () => {
    expect(wrapped('  aa bb cc', 7)).toEqual(['  aa bb', '  cc']);
    expect(wrapped('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapped('', 4)).toEqual(['']);
  });
});

describe('the tree', () => {
  it('has children below their parents', () => {
    const rows = tree(fakePicture().processes, 'state').map(({ process, branch }) => branch + process.pid);
    expect(rows).toEqual(['4242', '├─ 4300', '│  └─ 4301', '└─ 4400']);
  });

  it('sorts siblings', () => {
    const rows = tree(fakePicture().processes, 'memory').map(({ process }) => process.pid);
    expect(rows).toEqual([4242, 4400, 4300, 4301]);
  });

  it('shows each process once, whoever claims to be whose parent', () => {
    const looped = [fakeProcess(7, 8), fakeProcess(8, 7), fakeProcess(9, 9)];
    expect(
      tree(looped, 'state')
        .map(({ process }) => process.pid)
        .sort(),
    ).toEqual([7, 8, 9]);
    const chain = Array.from({ length: 20_000 }, (_, i) => fakeProcess(i + 1, i));
    const rows = tree(chain, 'state');
    expect(rows).toHaveLength(20_000);
    expect(rows.at(-1)!.branch.length).toBeLessThan(60);
  });
});

describe('keys of the view', () => {
  const at = (person: Person): string => person.screen().find(line => line.startsWith('▸'))!;

  it('choose rows and panes', () => {
    const person = new Person();
    // The one who asks stands on top.
    expect(at(person)).toMatch(/^▸ 5000 +codex +WAITING +approval/);
    expect(at(person.press('down'))).toMatch(/^▸ 4242/);
    expect(at(person.press('down', 'k', 'j'))).toMatch(/^▸ 4242/);
    expect(at(person.press('tab'))).toMatch(/^▸ 4242 .* command 4242/);
    expect(at(person.press('end'))).toMatch(/└─ command 4400/);
    expect(at(person.press('tab'))).toMatch(/^▸ A7 +high +10m00s +yes burns a core/);
    expect(at(person.press('backtab', 'home'))).toMatch(/command 4242/);
  });

  it('the chosen row stays chosen when others come before it, and its place when it goes', () => {
    const person = new Person().press('down');
    const { agents } = person.picture;
    person.picture = {
      ...person.picture,
      agents: [fakeAgent({ pid: 7, state: 'WAITING', reason: 'question' }), ...agents],
    };
    expect(at(person)).toMatch(/^▸ 4242/);
    person.picture = { ...person.picture, agents: agents.slice(1) };
    expect(at(person)).toMatch(/^▸ 5000/);
    person.picture = { ...person.picture, agents: [] };
    expect(person.screen().join('\n')).toContain('No agents are running.');
    person.press('enter', 'x', 'f', 'e', 'w', 'down');
    expect(person.effects).toEqual([]);
  });

  it('s sorts', () => {
    const pids = (person: Person): number[] => person.lists.agents.map(({ pid }) => pid);
    const person = new Person();
    expect(pids(person)).toEqual([5000, 4242]);
    expect(pids(person.press('s'))).toEqual([5000, 4242]);
    expect(person.screen().join('\n')).toContain('Agents 2, by cpu');
    expect(pids(person.press('s'))).toEqual([4242, 5000]);
    expect(pids(person.press('s'))).toEqual([4242, 5000]);
    expect(pids(person.press('s'))).toEqual([5000, 4242]);
  });

  it('/ filters while it is typed; letters are no commands then', () => {
    const person = new Person().press('/').type('qbank').press('home', 'ctrl-u').type('bank');
    expect(person.effects).toEqual([]);
    expect(person.screen().at(-1)).toBe('filter: bank▏');
    expect(person.lists.agents.map(({ pid }) => pid)).toEqual([5000]);
    expect(person.lists.alerts).toEqual([]);
    person.press('enter');
    expect(person.screen().at(-1)).toBe('filter: bank  Esc shows all');
    expect(person.press('escape').lists.agents).toHaveLength(2);
    expect(person.press('/').type('x').press('backspace').ui.input!.text).toBe('');
    expect(person.press('paste:a\u001b[2Jb').ui.input!.text).toBe('a\\x1b[2Jb');
  });

  it('x asks what would be hit; only y, read and meant, ends it', () => {
    const person = new Person().press('tab', 'down', 'x');
    const order = { pid: 4300, start_ticks: 43_000, scope: 'process', force: false };
    expect(person.effect).toEqual({ kind: 'preview', order, ticket: 1 });
    person.asked(true);
    // Typed before it was on the screen.
    person.press('y');
    expect(person.effects).toHaveLength(1);
    expect(person.screen().join('\n')).toMatch(/command 4300[\s\S]*y {2}YES, end it/);
    person.waits().press('y');
    expect(person.effect).toEqual({ kind: 'kill', order });
    expect(person.ui.dialog).toBeNull();
  });

  it.each(['n', 'escape', 'q', 'enter'])('%s does not end it, and does not leave', key => {
    const person = new Person().press('tab', 'x').asked(true).press(key);
    expect(person.ui.dialog).toBeNull();
    expect(person.effects.map(({ kind }) => kind)).toEqual(['preview']);
  });

  it('what is refused cannot be ended', () => {
    const person = new Person().press('tab', 'x').asked(false).waits().press('y');
    expect(person.effects.map(({ kind }) => kind)).toEqual(['preview']);
    expect(person.screen().join('\n')).not.toContain('YES');
  });

  it('g and F in the question ask anew, with another scope or force', () => {
    const person = new Person().press('tab', 'x').asked(true).waits().press('g');
    expect(person.effect).toMatchObject({
      kind: 'preview',
      order: { scope: 'group', force: false },
      ticket: 2,
    });
    person.asked(true).waits().press('F');
    expect(person.effect).toMatchObject({ kind: 'preview', order: { scope: 'group', force: true } });
  });

  it('of an agent the whole tree is meant, of an alert the first process', () => {
    expect(new Person().press('x').effect).toMatchObject({ order: { pid: 5000, scope: 'tree' } });
    expect(new Person().press('tab', 'tab', 'x').effect).toMatchObject({
      order: { pid: 4711, start_ticks: 1, scope: 'process' },
    });
    const gone = new Person(fakePicture({ agents: [fakeAgent({ state: 'EXITED', reason: 'exit' })] }));
    expect(gone.press('x').effects).toEqual([]);
  });

  it('w offers the name, which can be changed before it counts', () => {
    const person = new Person().press('tab', 'down', 'w');
    expect(person.screen().at(-1)).toBe('report no process of the name: c4300▏');
    expect(person.press('backspace', '*', 'enter').effect).toEqual({ kind: 'whitelist', pattern: 'c430*' });
    expect(new Person().press('w').screen().at(-1)).toBe('choose a process, or an alert about one');
    expect(new Person().press('tab', 'w', 'escape').effects).toEqual([]);
  });

  it('others', () => {
    expect(new Person().press('f').effect).toEqual({ kind: 'focus', pid: 5000 });
    expect(new Person().press('e').effect).toMatchObject({
      kind: 'explain',
      target: { kind: 'process', pid: 5000 },
    });
    expect(new Person().press('tab', 'tab', 'e').effect).toMatchObject({ target: { kind: 'alert', id: 7 } });
    expect(new Person().press('p').effect).toEqual({ kind: 'pause', paused: true });
    expect(new Person().press('enter').effect).toMatchObject({ kind: 'agent_details', pid: 5000 });
    expect(new Person().press('?').screen().join('\n')).toContain('ask for an explanation');
    expect(new Person().press('tab', 'enter').screen().join('\n')).toContain(
      'Process 4242, parent 1, uid 1000',
    );
    for (const key of ['q', 'ctrl-c', 'ctrl-d'])
      expect(new Person().press(key).effect).toEqual({ kind: 'quit' });
    expect(new Person().press('?', 'ctrl-c').effect).toEqual({ kind: 'quit' });
    expect(new Person().press('paste:q\rx\ry').effects).toEqual([]);
  });
});

describe('the picture', () => {
  it('has the machine on top, then agents, processes and alerts', () => {
    const screen = new Person(fakePicture({ processes_of: 5000 })).screen(110, 34).join('\n');
    expect(screen).toMatch(/^vigil 0\.1\.0 · 2 agents, 1 asking · 1 alert · tracepoint\n/);
    expect(screen).toMatch(/CPU +█+.? +42% +load 3\.10 of 8/);
    expect(screen).toMatch(/Memory +█+.? +75%/);
    expect(screen).toMatch(/Waits .* 12%/);
    expect(screen).toMatch(/GPU .* 30% +2\.0G of 8\.0G/);
    expect(screen).toMatch(/Agents 2 [\s\S]*Processes of agent 5000 4 [\s\S]*Alerts 1 /);
    expect(screen).toMatch(/yes \(pid 4711\) has used 99 % of a core for 60 s\n +→ vigil kill 4711/);
  });

  const sizes = [
    [40, 10],
    [20, 5],
    [1, 1],
    [80, 24],
    [100, 11],
    [149, 60],
    [250, 70],
  ] as const;
  const many = fakePicture({
    agents: Array.from({ length: 40 }, (_, i) => fakeAgent({ pid: 100 + i })),
    alerts: Array.from({ length: 40 }, (_, i) => fakeAlertReport({ id: i })),
    processes: Array.from({ length: 400 }, (_, i) => fakeProcess(1000 + i, 999 + i)),
  });
  it.each(sizes)('fills %i × %i, no more', (columns, rows) => {
    for (const picture of [fakePicture(), many, NOTHING_YET, fakePicture({ trouble: 'gone '.repeat(80) })]) {
      for (const keys of [[], ['tab'], ['tab', 'tab', 'end'], ['?'], ['tab', 'enter'], ['/', 'c']]) {
        for (const color of [false, true]) {
          const screen = new Person(picture).press(...keys).screen(columns, rows, color);
          expect(screen).toHaveLength(rows);
          expect(Math.max(...screen.map(shownWidth))).toBeLessThanOrEqual(columns);
          if (!color) expect(screen.join('')).not.toContain('\u001b');
        }
      }
    }
  });

  it('the chosen row is seen, however long the list', () => {
    const person = new Person(many).press('tab', 'end');
    for (const [columns, rows] of [
      [40, 10],
      [80, 24],
      [200, 50],
    ] as const) {
      expect(person.screen(columns, rows).some(line => line.includes('▸'))).toBe(true);
    }
  });

  it('a small terminal shows one pane, a wide one the processes beside the others', () => {
    const small = new Person().screen(40, 10);
    expect(small.join('\n')).toMatch(/Agents 2/);
    expect(small.join('\n')).not.toMatch(/Processes|Alerts/);
    expect(new Person().press('tab').screen(40, 10).join('\n')).toMatch(/Processes of agent/);
    const wide = new Person().screen(180, 40);
    expect(wide.find(line => line.includes('Agents 2'))).toContain('Processes of agent');
  });

  it('a daemon that is gone is said, and what was known stays', () => {
    const screen = new Person(fakePicture({ trouble: 'the vigil daemon closed the connection' }))
      .screen()
      .join('\n');
    expect(screen).toMatch(
      /no daemon answers[\s\S]*! looking for a daemon: the vigil daemon closed the connection/,
    );
    expect(screen).toContain('4242');
    expect(screen).not.toContain('nothing is wrong');
  });

  it('before the first answer it does not say that all is well', () => {
    const screen = new Person(NOTHING_YET).screen().join('\n');
    expect(screen).not.toMatch(/nothing is wrong|no agents|0 agents/i);
    expect(screen).toContain('Not known yet.');
  });

  it('hostile names cannot speak to the terminal', () => {
    const hostile = fakePicture({
      agents: [fakeAgent({ agent: HOSTILE, cwd: HOSTILE, title: HOSTILE, tty: HOSTILE, user: HOSTILE })],
      alerts: [fakeAlertReport({ title: HOSTILE, text: HOSTILE, suggestion: HOSTILE })],
      processes: [fakeProcess(4242, 1, { comm: HOSTILE, cmdline: HOSTILE, state: '\u001b' })],
      trouble: HOSTILE,
    });
    for (const keys of [[], ['tab', 'enter'], ['tab', 'tab', 'enter'], ['tab', 'w'], ['enter'], ['e']]) {
      const screen = new Person(hostile)
        .press(...keys)
        .screen(160, 40)
        .join('');
      expect(screen).toContain('\\x1b');
      expect(screen).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });

  it('nothing is coloured where no colours are wanted', () => {
    expect(new Person().screen(120, 40, true).join('')).toContain('\u001b[7m');
    expect(width(new Person().screen(120, 40).join(''))).toBeGreaterThan(100);
  });
});

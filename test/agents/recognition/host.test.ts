import { describe, expect, it } from 'vitest';
import { type Ancestor, hostName } from '../../../src/agents/recognition/host.js';

function chain(...argvs: string[][]): Ancestor[] {
  return argvs.map(argv => ({
    exe: argv[0]?.startsWith('/') ? argv[0] : `/usr/bin/${argv[0]?.replace(/^-/, '')}`,
    argv,
    comm: 'x',
  }));
}

const SYSTEMD = ['/usr/lib/systemd/systemd', '--user'];

describe('the program in which a person talks with an agent', () => {
  it.each<[string, string[][], string | null]>([
    ['VS Code', [['/usr/share/code/code', '--type=utility'], ['/usr/share/code/code'], SYSTEMD], 'code'],
    [
      'Zed, through its adapter',
      [
        ['node', '/x/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js'],
        ['/opt/zed/libexec/zed-editor'],
      ],
      'zed-editor',
    ],
    ['Zed, through a shell', [['sh', '-c', 'claude-agent-acp'], ['/opt/zed']], 'zed'],
    ['an adapter of its own', [['/opt/codex-acp'], ['/opt/idea/bin/idea']], 'idea'],
    [
      'a JetBrains IDE on its java',
      [
        ['/opt/pycharm/jbr/bin/java', '-Xmx2g', '-Didea.executable=pycharm', 'com.intellij.idea.Main'],
        SYSTEMD,
      ],
      'pycharm',
    ],
    ['an application on the SDK', [['python3', '/srv/app/triage.py'], ['-bash'], ['tmux']], 'triage'],
    ['what a server starts', [['node', '/srv/app/bot.js'], SYSTEMD], 'bot'],
    ['a shell, at which a person sits', [['-bash'], ['/usr/bin/gnome-terminal-server']], null],
    ['nobody', [SYSTEMD], null],
    ['nothing that may be read', [], null],
    ['a hostile name', [[`/tmp/${'a'.repeat(300)}`]], 'a'.repeat(64)],
  ])('%s', (_name, argvs, expected) => {
    expect(hostName(chain(...argvs), () => false)).toBe(expected);
  });

  it('is not the agent itself', () => {
    const ancestors = chain(['/usr/bin/claude', '--x'], ['/opt/zed']);
    expect(hostName(ancestors, ({ exe }) => exe === '/usr/bin/claude')).toBe('zed');
  });
});

import { describe, expect, test } from 'vitest';
import { featuresOf } from '../../../src/rules/processes/features.js';

function features(cmdline: string, comm = cmdline.split(' ')[0]!.split('/').at(-1)!.slice(0, 15)) {
  return featuresOf({ pid: 1, start_ticks: 1, uid: 1, comm, cmdline });
}

test.each<[string, string | null]>([
  ['python3 mcp_server.py', 'python3 mcp_server.py'],
  ['/usr/bin/python3.11 -u -W ignore /srv/mcp/server.py --port 1', 'python3.11 /srv/mcp/server.py'],
  ['python3 -m mcp_server_git --repository x', 'python3 -m mcp_server_git'],
  ['python3 -c import time', null],
  ['python3', null],
  ['node --require ./hook.js --max-old-space-size=4096 dist/index.js', 'node dist/index.js'],
  ['node -e setInterval(()=>0)', null],
  ['bun run server.ts', 'bun server.ts'],
  ['deno run --allow-net main.ts', 'deno main.ts'],
  ['java -Xmx2g -cp /opt/a.jar com.example.Main', 'java com.example.Main'],
  ['java -jar /opt/app.jar', 'java /opt/app.jar'],
  ['ruby bin/worker', 'ruby bin/worker'],
  ['bash ./work.sh', null],
  ['claude --resume', null],
  ['[kworker]', null],
  ['', null],
])('the script of `%s` is %s', (cmdline, script) => {
  expect(features(cmdline).script).toBe(script);
});

test('a long path is named by its end', () => {
  expect(features('node /home/ann/.npm/_npx/1/node_modules/@x/mcp/dist/index.js').program).toBe(
    'node dist/index.js',
  );
});

test.each<[string, boolean]>([
  ['-bash', true],
  ['bash', true],
  ['/usr/bin/zsh -l', true],
  ['fish', true],
  ['/bin/bash --init-file /usr/share/code/shellIntegration-bash.sh', true],
  ['bash -c sleep 5', false],
  ['bash script.sh', false],
  ['sh', true],
  ['sshd: ann@pts/1', false],
])('`%s` is a prompt: %s', (cmdline, prompt) => {
  expect(features(cmdline).prompt).toBe(prompt);
});

describe('busy by nature', () => {
  test.each([
    '/usr/lib/gcc/x86_64-linux-gnu/14/cc1plus -quiet a.cc',
    'rustc --crate-name x',
    'make -j8',
    'ld.lld -o a.out',
    'node /usr/bin/npm ci',
    'node /p/node_modules/.bin/tsc --noEmit',
    'node /p/node_modules/jest-worker/build/workers/processChild.js',
    'python3 /usr/bin/pytest -x',
  ])('%s is part of a build', cmdline => {
    expect(features(cmdline).build).toBe(true);
  });

  test.each(['node server.js', 'python3 train.py', 'yes', 'claude', 'node /srv/nxt/index.js', 'postgres'])(
    '%s is not',
    cmdline => {
      expect(features(cmdline)).toMatchObject({ build: false, browser: false });
    },
  );

  test.each([
    ['/usr/lib/firefox/firefox -contentproc -childID 3', 'Isolated Web Co'],
    ['/opt/google/chrome/chrome --type=renderer --lang=en', 'chrome'],
    ['/usr/share/code/code --type=gpu-process', 'code'],
  ])('%s is of a browser', (cmdline, comm) => {
    expect(features(cmdline, comm).browser).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { featuresOf } from '../../../src/rules/processes/features.js';

function features(cmdline: string, comm = cmdline.split(' ')[0]!.split('/').at(-1)!.slice(0, 15)) {
  return featuresOf({ pid: 1, start_ticks: 1, uid: 1, comm, cmdline });
}

describe('a build is told by the program that runs', () => {
  test.each([
    'node /x/node_modules/.bin/vite build',
    'node /x/node_modules/vite/bin/vite.js build',
    'pnpm install',
    'node /home/u/.cache/node/corepack/v1/pnpm/9.1.0/bin/pnpm.cjs install',
    'node /usr/local/bin/pnpm install',
    'node .yarn/releases/yarn-4.1.0.cjs install',
    'jest',
    'node /p/node_modules/.bin/jest --watch',
    'node /p/node_modules/.pnpm/jest@29.7.0/node_modules/jest/bin/jest.js',
    'cargo build',
    'cargo-nextest nextest run',
    'make -j',
    'tsc --watch',
    'node /p/node_modules/typescript/bin/tsc --watch',
    'node /p/node_modules/.bin/webpack --mode production',
    'node /usr/share/nodejs/webpack/bin/webpack.js',
    'node /p/node_modules/@swc/cli/bin/swc.js src',
    'node (vitest 3)',
    'node --test test/a.js',
    'bun test',
    'deno test --allow-all',
    'npx -y vitest run',
    'npm exec tsc -p .',
    'uv run pytest',
    'python3 -m pytest -x',
    'python3.11 -m unittest',
    '/p/.venv/bin/python /p/.venv/bin/pytest',
    'python3 -m pip install torch',
    'python3 setup.py build_ext',
    'pip3 install x',
    'java -cp /u/.gradle/lib.jar org.gradle.launcher.GradleMain build',
    'java -jar /p/gradle/wrapper/gradle-wrapper.jar build',
    'x86_64-linux-gnu-gcc-12 -c a.c',
    'clang++-15 a.cc',
  ])('%s', cmdline => {
    expect(features(cmdline).build).toBe(true);
  });
});

describe('a word in a path or an argument makes no build, browser, multiplexer or MCP server', () => {
  test.each([
    'node /home/u/.local/share/pnpm/global/5/node_modules/x-mcp/dist/index.js',
    'node /home/u/.local/share/pnpm/global/5/.pnpm/x-mcp@1.0.0/node_modules/x-mcp/index.js',
    'node /srv/vite-app/server.js',
    'node /srv/vite/server.js',
    'node /srv/vite',
    'python3 /home/u/jest/train.py',
    'python3 /home/u/pytest/loop.py',
    'node /opt/webpack/lib/daemon.js',
    'node /home/u/turbo/index.js',
    'python3 /home/u/make/train.py --out gradle',
    'java -cp /home/u/.gradle/x.jar com.example.Server',
    'java -jar /srv/maven/app.jar',
    'node server.js jest vite tsc',
    'npm exec @upstash/context7-mcp',
    'npx -y x-mcp',
    'node /usr/bin/npx -y x-mcp',
    'npm run dev',
    'npm start',
    'apt-mcp --stdio',
    'npm-mcp-server',
    'rpm-dashboard',
  ])('%s is no build', cmdline => {
    expect(features(cmdline).build).toBe(false);
  });

  test.each([
    'brave-search-mcp',
    'firefox-mcp --port 1',
    'chromium-bidi-server',
    'python3 train.py --type=renderer',
    'node server.js --type=gpu-process',
    'my-worker --level=3 --type=utility',
    'vivaldi-history',
  ])('%s is no browser', cmdline => {
    expect(features(cmdline).browser).toBe(false);
  });

  test.each(['tmux-mcp', 'systemd-mcp', 'dbus-mcp', 'bazel-mcp', 'pipewire-mcp'])(
    '%s does not stay',
    name => {
      expect(features(name).stays).toBe(false);
    },
  );

  test.each([
    'vim /home/u/mcp-notes.txt',
    'python3 /srv/mcp/backup.py',
    'rsync -a /srv/mcp-data host:',
    'python3 report.py --unit mcp-proxy.service',
    'less /x/shell-snapshots/snapshot-bash-1.sh',
  ])('%s is nothing that agents start', cmdline => {
    expect(features(cmdline).of_agent).toBe(false);
  });

  test.each([
    'node /home/ann/.npm/_npx/1/node_modules/@upstash/context7-mcp/dist/index.js',
    'node /home/ann/my-mcp/dist/index.js',
    'python3 -m mcp_server_git --repository x',
    'python3 mcp_server.py',
    'npm exec @modelcontextprotocol/server-memory',
    'uvx mcp-server-fetch',
    'docker run -i --rm mcp/fetch',
    'context7-mcp',
    'bash -c source /home/ann/.claude/shell-snapshots/snapshot-bash-1.sh && eval x',
  ])('%s is', cmdline => {
    expect(features(cmdline).of_agent).toBe(true);
  });
});

test.each<[string, string | null]>([
  ['codex app-server', 'codex'],
  ['codex -c model=x app-server', 'codex'],
  ['node /usr/lib/node_modules/@openai/codex/bin/codex.js app-server', 'codex'],
  ['opencode serve --port 1', 'opencode'],
  ['node /usr/lib/node_modules/@google/gemini-cli/dist/index.js --acp', 'gemini'],
  ['codex exec look at the app-server', null],
  ['codex', null],
  ['node /srv/codex/app-server', null],
])('`%s` serves sessions of %s', (cmdline, program) => {
  expect(features(cmdline).serves).toBe(program);
});

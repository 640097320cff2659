/** Which programs are what: by their own names, never by a word somewhere in a path or an argument. */

/** comm holds 15 bytes of a name. */
const COMM_MAX = 15;

const words = (text: string) => text.trim().split(/\s+/);

/** Names as they are, and as the kernel cuts them. */
function names(text: string): ReadonlySet<string> {
  return new Set(words(text).flatMap(name => [name, name.slice(0, COMM_MAX)]));
}

/** Compilers, linkers, the programs that call them, package managers, test runners. */
const BUILD = names(`
  cc1 cc1plus cc1obj lto1 lto-wrapper collect2 as ld ld.bfd ld.gold ld.lld lld mold gold cc c++ gcc g++ gfortran clang clang++ cpp
  rustc rustdoc rustfmt clippy-driver cargo compile link asm vet go gofmt golangci-lint javac kotlinc scalac gradle gradlew mvn mvnd ant
  sbt swift-frontend swift-build swiftc xcodebuild ghc stack cabal ocamlopt dune nvcc cicc ptxas zig erlc elixirc mix rebar3
  make gmake ninja samu cmake ctest meson scons bazel bazelisk buck2 configure autoconf automake libtool dotnet msbuild
  esbuild tsc swc npm pnpm yarn node-gyp gyp tsserver eslint prettier biome oxlint jest vitest mocha webpack rollup rolldown
  vite turbo nx parcel rspack tsup babel
  pip pip3 uv poetry tox nox pytest ruff mypy black gem bundle bundler rake rspec composer phpunit
  dpkg dpkg-deb dpkg-query dpkg-split dpkg-source dpkg-trigger dpkg-divert dpkg-statoverride dpkg-buildpackage dpkg-preconfigure
  dpkg-shlibdeps dpkg-gencontrol dpkg-genchanges rpm rpmbuild rpmkeys rpm2cpio apt apt-get apt-config apt-extracttemplates aptitude
  unattended-upgrade pacman makepkg dnf dnf5 yum zypper nix nix-build nix-daemon nix-store nix-instantiate
`);
const COMPILER = /^(?:[\w.]+-){1,4}(gcc|g\+\+|cc|c\+\+|cpp|ld|as|clang|clang\+\+|gfortran)$/;
const CARGO_TOOL = /^cargo-[a-z]+$/;

/** Packages of Node.js, by the name that they are installed under. */
const NODE_PACKAGES = names(`
  npm pnpm yarn corepack node-gyp typescript eslint prettier biome @biomejs/biome oxlint jest jest-cli jest-worker jest-runner vitest
  @vitest/runner tinypool mocha ava nyc c8 karma jasmine cypress webpack webpack-cli webpack-dev-server rollup rolldown vite turbo nx
  @nx/js parcel @parcel/core @rspack/cli @rspack/core @swc/cli @babel/cli babel-cli tsup esbuild gulp gulp-cli grunt grunt-cli lerna
  @angular/cli @vue/cli-service react-scripts fork-ts-checker-webpack-plugin stylelint lint-staged husky @microsoft/rush typedoc
  terser ts-loader thread-loader metro @jest/core @playwright/test
`);
/** Scripts that stand for themselves: in a folder of programs, or without an extension. */
const NODE_SCRIPTS = names(`
  npm npm-cli pnpm yarn yarnpkg node-gyp tsc tsserver eslint prettier biome jest vitest mocha ava nyc c8 karma jasmine cypress webpack
  webpack-dev-server rollup vite turbo nx parcel rspack swc babel tsup gulp grunt lerna ng vue-cli-service react-scripts stylelint rush
`);
const PYTHON_PROGRAMS = names(`
  pip pip3 pytest py.test tox nox scons meson mypy ruff black flake8 pylint poetry conan pre-commit nose2 sphinx-build
`);
const PYTHON_MODULES = names('unittest build compileall ensurepip');
const RUBY_PROGRAMS = names('gem bundle bundler rake rspec minitest rubocop');
const JAVA_JARS =
  /^(sbt-launch|gradle-wrapper|gradle-launcher[-.\d]*|maven-wrapper|ant-launcher|plexus-classworlds[-.\d]*)$/;
const JAVA_CLASSES =
  /^(org\.gradle\.|org\.apache\.maven\.|org\.codehaus\.plexus\.classworlds\.launcher\.|org\.apache\.tools\.ant\.|xsbt\.|sbt\.|com\.sun\.tools\.javac\.|org\.jetbrains\.kotlin\.(cli|daemon)\.|scala\.tools\.nsc\.|org\.scalajs\.|bloop\.|org\.junit\.platform\.console\.|worker\.org\.gradle\.)/;

const BROWSERS = new Set([
  ...names(`
  firefox firefox-bin firefox-esr firefox-beta firefox-nightly firefox-developer-edition librewolf waterfox zen zen-bin chrome
  chrome-headless-shell headless_shell chromium chromium-browser google-chrome google-chrome-stable google-chrome-beta
  google-chrome-unstable brave brave-browser msedge microsoft-edge opera vivaldi vivaldi-bin vivaldi-stable epiphany falkon
  WebKitWebProcess WebKitNetworkProcess WebKitGPUProcess QtWebEngineProcess plugin-container WebExtensions
  `),
  'Web Content',
  'Isolated Web Co',
  'Isolated Servic',
  'Privileged Cont',
  'RDD Process',
  'GPU Process',
  'Socket Process',
  'Utility Process',
]);

/** Meant to outlive whoever started them: multiplexers, agents for keys, buses, build servers, sound, container engines. */
const STAYS = new Set([
  ...names(`
  tmux screen SCREEN zellij abduco dtach mosh-server ssh-agent gpg-agent keyboxd scdaemon dbus-daemon dbus-broker dbus-broker-launch
  dbus-launch dbus-run-session systemd systemd-journald systemd-logind systemd-udevd systemd-resolved systemd-networkd systemd-timesyncd
  systemd-machined systemd-oomd systemd-userdbd systemd-userwork systemd-executor sccache ccache distccd adb watchman watchmand emacs
  emacsclient pulseaudio pipewire pipewire-pulse pipewire-media-session wireplumber gnome-keyring-daemon Xvfb Xvnc dockerd containerd
  containerd-shim containerd-shim-runc-v2 conmon podman buildkitd
  `),
  'tmux: server',
  'tmux: client',
  '(sd-pam)',
]);
/** Build servers of Java call themselves so: `bazel(shop)`. */
const STAYS_TITLE = /^(bazel\(|tmux: |ssh-agent$|sshd: )/;
const STAYS_CLASSES = /^(org\.gradle\.launcher\.daemon\.|org\.jetbrains\.kotlin\.daemon\.|bloop\.)/;

/** They run another program, whose name comes first among their arguments. */
const LAUNCHERS: Readonly<Record<string, readonly string[]>> = {
  npx: [''],
  'npx-cli': [''],
  bunx: [''],
  uvx: [''],
  npm: ['exec', 'x'],
  'npm-cli': ['exec', 'x'],
  pnpm: ['dlx', 'exec'],
  yarn: ['dlx', 'exec'],
  bun: ['x'],
  uv: ['run', 'tool run'],
  pipx: ['run'],
  poetry: ['run'],
};
const LAUNCHER_VALUE = new Set([
  '-p',
  '--package',
  '-c',
  '--call',
  '--from',
  '--with',
  '--python',
  '-w',
  '--prefix',
]);

/** Package managers that run a server of the project: what stays until somebody ends it is no build. */
const SERVERS = new Set(['start', 'dev', 'serve', 'preview']);

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `pip3`, `gcc-12`, `clang++-15`, `python3.11` by their plain names. */
function plain(name: string): string {
  return name.replace(/[-.]?\d[\d.]*$/, '') || name;
}

/** Of a native program, or of what a process calls itself: part of a build? */
export function isBuildProgram(name: string): boolean {
  const bare = plain(name);
  return BUILD.has(name) || BUILD.has(bare) || COMPILER.test(bare) || CARGO_TOOL.test(name);
}

export function isBrowserProgram(name: string): boolean {
  return BROWSERS.has(name);
}

export function staysByName(comm: string, title: string, script: string | null): boolean {
  return STAYS.has(comm) || STAYS_TITLE.test(title) || (script !== null && STAYS_CLASSES.test(script));
}

/**
 * The package of Node.js that a file belongs to, by the innermost `node_modules` (Debian: `/usr/share/nodejs`); null: none.
 * `…/pnpm/global/5/node_modules/x-mcp/index.js` is of `x-mcp`, whatever else its path says.
 */
export function packageOf(file: string): string | null {
  const parts = file.split('/');
  const at = Math.max(parts.lastIndexOf('node_modules'), parts.lastIndexOf('nodejs'));
  if (at < 0 || (parts[at] === 'nodejs' && !file.startsWith('/usr/share/nodejs/'))) return null;
  const [first, second] = parts.slice(at + 1);
  if (first === undefined || first === '.bin') return null;
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first;
}

/** Folders that hold programs. */
const PROGRAM_FOLDER = /^(s?bin|\.bin|shims|libexec|releases|Scripts)$/;

/**
 * What a script is called as a program: its file's name without an extension where it stands among programs, the folder
 * of a `__main__.py`; null: a file like any other.
 */
export function scriptProgram(file: string): string | null {
  const name = baseName(file);
  const folder = baseName(file.slice(0, Math.max(0, file.length - name.length - 1)));
  if (name === '__main__.py') return folder;
  const bare = name.replace(/\.(js|mjs|cjs|py|rb|jar)$/, '');
  return PROGRAM_FOLDER.test(folder) ? plain(bare) : null;
}

/** Files and folders that say nothing of what they belong to. */
const NAMELESS_FILE = /^(index|server|main|app|run|start|cli|stdio|__main__|__init__)(\.[a-z]+)?$/;
const NAMELESS_FOLDER = /^(dist|build|out|src|lib|bin|cjs|esm|js|server|app)$/;

/** What an installed or home-made script is called: its package, its own name, or the folder of an `index.js`. */
export function scriptName(file: string): string {
  const owner = packageOf(file);
  if (owner !== null) return owner;
  const parts = file.split('/').filter(Boolean);
  const name = parts.pop() ?? file;
  if (!NAMELESS_FILE.test(name)) return name;
  return parts.findLast(folder => !NAMELESS_FOLDER.test(folder)) ?? name;
}

/** What an interpreter runs: is it part of a build? `-m module` is given as `module`. */
export function isBuildScript(interpreter: string, file: string, isModule: boolean): boolean {
  if (interpreter === 'java')
    return JAVA_CLASSES.test(file) || JAVA_JARS.test(baseName(file).replace(/\.jar$/, ''));
  if (/^(python|pypy)/.test(interpreter)) {
    const name = isModule ? file.split('.')[0]! : scriptProgram(file);
    if (isModule && PYTHON_MODULES.has(name!)) return true;
    return name !== null
      ? PYTHON_PROGRAMS.has(name) || PYTHON_PROGRAMS.has(plain(name))
      : baseName(file) === 'setup.py';
  }
  const name = scriptProgram(file);
  if (interpreter === 'ruby') return name !== null && RUBY_PROGRAMS.has(name);
  const owner = packageOf(file);
  if (owner !== null) return NODE_PACKAGES.has(owner);
  return name !== null && NODE_SCRIPTS.has(name);
}

/**
 * The program that a launcher was told to run: `npx -y x-mcp` is `x-mcp`. Null: `name` launches nothing with these arguments.
 * @param rest the arguments after the program, or after its script
 */
export function launched(name: string, rest: readonly string[]): string | null {
  const subcommands = Object.hasOwn(LAUNCHERS, name) ? LAUNCHERS[name]! : null;
  if (subcommands === null) return null;
  const positional = positionals(rest);
  for (const subcommand of subcommands) {
    const skip = subcommand === '' ? [] : subcommand.split(' ');
    if (skip.every((word, at) => positional[at] === word))
      return withoutVersion(positional[skip.length] ?? '');
  }
  return null;
}

/** `npm run dev` keeps a server running; `npm ci`, `npm test` come to an end. */
export function keepsServer(name: string, rest: readonly string[]): boolean {
  if (!/^(npm|npm-cli|pnpm|yarn|bun)$/.test(name)) return false;
  const [first, second] = positionals(rest);
  const script = first === 'run' || first === 'run-script' ? second : first;
  return script !== undefined && SERVERS.has(script.split(':')[0]!);
}

function positionals(args: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (LAUNCHER_VALUE.has(arg)) i++;
    else if (!arg.startsWith('-')) found.push(arg);
  }
  return found;
}

/** `@scope/name@1.2` and `name==1.2` without the version. */
function withoutVersion(target: string): string {
  return target.replace(/(?<!^)(@|==).*$/, '');
}

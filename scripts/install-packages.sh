#!/bin/sh
# The npm packages of the lockfile, into node_modules.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
cd "$root"

# npm would empty the folder behind the link, which another checkout uses.
if [ -L node_modules ]; then
	say "node_modules is a link: install in $(readlink node_modules | sed 's,/node_modules$,,')"
	exit 0
fi

# Native packages are compiled with the headers that came with this very Node.js, where there are any; else
# node-gyp downloads them.
prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir="$prefix"; fi

mkdir -p build
say "installing npm packages"
if ! npm ci --include=dev --no-audit --no-fund >build/npm.log 2>&1; then
	cat build/npm.log >&2
	die "npm failed; its output is above"
fi
cp package-lock.json node_modules/.vigil-lock

#!/bin/sh
# The npm packages of the lockfile, into node_modules.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
cd "$root"
mkdir -p build
say "installing npm packages"
npm ci --include=dev --no-audit --no-fund >build/npm.log 2>&1 && exit 0
# Some versions of npm refuse a lockfile that was written where the packages for other systems (optional
# ones, as binaries come) could not be had. The versions are those of the lockfile either way.
if grep -q EUSAGE build/npm.log; then
	npm install --no-save --include=dev --no-audit --no-fund >build/npm.log 2>&1 && exit 0
fi
cat build/npm.log >&2
die "npm failed; its output is above"

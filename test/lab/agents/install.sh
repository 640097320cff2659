#!/bin/sh
# Installs the real agents that the lab plays with, exactly as pinned, if they are not there yet.
set -eu
cd "$(dirname "$0")"
claude=node_modules/@anthropic-ai/claude-code/bin/claude.exe
if [ -x "$claude" ] && [ -x node_modules/.bin/codex ] &&
  cmp -s package-lock.json node_modules/.installed-lock.json; then
  exit 0
fi
npm ci --no-audit --no-fund
# Some npm versions skip install scripts; this one puts the native binary in its place.
node node_modules/@anthropic-ai/claude-code/install.cjs
node_modules/.bin/claude --version
node_modules/.bin/codex --version
cp package-lock.json node_modules/.installed-lock.json

#!/bin/sh
# Installs the agents that editors start, exactly as pinned, below a folder that is given: 1 GB, so never in the checkout.
set -eu
folder=${1:?the folder to install them below}
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --save-exact \
  @agentclientprotocol/claude-agent-acp@0.49.0 \
  @google/gemini-cli@0.61.0 \
  @openai/codex@0.169.0 \
  opencode-ai@1.18.33
# Some npm versions skip install scripts; this one puts the native binary in its place.
(cd "$folder/node_modules/opencode-ai" && node postinstall.mjs)
echo "VIGIL_LAB_AGENTS=$folder/node_modules/.bin"

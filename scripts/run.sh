#!/usr/bin/env bash
# `make run`: installs what is missing, builds, starts the daemon, and shows the live view until q or Ctrl-C.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
export PATH="$root/build/node/bin:$PATH"
cd "$root"

# NixOS: the tools come with a shell of their own.
if is_nixos && [ -z "${VIGIL_IN_NIX_SHELL:-}" ] && { ! node_fits || ! have bpftrace; } && have nix-shell; then
	export VIGIL_IN_NIX_SHELL=1
	exec nix-shell -p nodejs bpftrace gnumake --run scripts/run.sh
fi

scripts/install-deps.sh run
make --no-print-directory build

node=$(command -v node)
unset NODE_OPTIONS
vigil=("$node" --inspect-port=fe80::1:65535 "$root/bin/vigil")
mkdir -p build/run
log=$root/build/run/daemon.log

# Any answer will do, also that something is missing.
running() {
	local code=0
	"${vigil[@]}" health >/dev/null 2>&1 || code=$?
	[ "$code" -ne 2 ]
}

viewer=""
show() {
	if [ -t 0 ] && [ -t 1 ]; then
		"${vigil[@]}" watch 3>&-
	else
		"${vigil[@]}" health || true
		"${vigil[@]}" agents
		# In the background: bash acts on signals only while it waits.
		"${vigil[@]}" events --follow 3>&- &
		viewer=$!
		wait "$viewer"
	fi
}

if running; then
	say "a vigil daemon runs already; this shows what it sees"
	show || exit $?
	exit 0
fi

options=()
[ -z "${VIGIL_RUNTIME_DIR:-}" ] || options+=(--runtime-dir "$VIGIL_RUNTIME_DIR")
launcher=()
if find_root; then
	[ -z "$as_root" ] || launcher=("$as_root")
else
	say "not root, and no sudo: no eBPF; vigil watches your own agents from /proc (tier procfs)"
fi

# The daemon ends when the writing end of this pipe does, whatever becomes of this script.
rm -f build/run/alive
mkfifo build/run/alive
"${launcher[@]}" scripts/run-daemon.sh "$node" "${options[@]}" <build/run/alive >"$log" 2>&1 &
daemon=$!
exec 3>build/run/alive
rm -f build/run/alive

stop() {
	trap - EXIT INT TERM HUP
	[ -z "$viewer" ] || kill "$viewer" 2>/dev/null || true
	exec 3>&-
	wait "$daemon" 2>/dev/null || true
}
trap stop EXIT
trap 'stop; exit 0' INT
trap 'stop; exit 143' TERM HUP

for ((tries = 0; ; tries++)); do
	if running; then break; fi
	if ! kill -0 "$daemon" 2>/dev/null || ((tries >= 100)); then
		tail -n 20 "$log" >&2 || true
		die "the daemon did not start; its log is $log"
	fi
	sleep 0.2
done

say "the daemon’s log is $log"
status=0
show || status=$?
stop
exit "$status"

#!/bin/sh
# The daemon for `make run`: lives as long as standard input is open, so that it ends with whoever
# started it, also when that one was killed, and when it runs as root and its starter does not.
# Its output is the log: opened by whoever starts this, so that root opens no file of a user.
# Usage: scripts/run-daemon.sh NODE [daemon options] < a pipe > a log
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node=$1
shift

exec 4<&0
# Ctrl-C on the terminal reaches all of us; the pipe decides.
trap '' INT
# Node.js opens a debugger at SIGUSR1, to every local user (src/lib/process/no-inspector.ts); and what it is to load is ours to say.
trap '' USR1
unset NODE_OPTIONS
"$root/scripts/mount-tracefs.sh" || true
# What the unit of an installed vigil has from systemd: a place beside the services, ahead of all that users run, and
# limits. (--scope: it stays our child, and $! its pid.)
scope() {
	if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
		exec systemd-run --quiet --scope --collect --slice=system.slice -p CPUWeight=1000 -p IOWeight=1000 \
			-p MemoryHigh=1G -p MemoryMax=1280M -p TasksMax=512 -- "$@"
	fi
	exec "$@"
}
scope "$node" --inspect-port=fe80::1:65535 --max-semi-space-size=1 "$root/bin/vigil" daemon --log-format pretty "$@" </dev/null 2>&1 4<&- &
daemon=$!

# Ends when the pipe is closed, or when the daemon has ended by itself.
# (A shell gives its background commands an empty input, hence the copy.)
cat <&4 >/dev/null &
pipe=$!
trap 'kill "$daemon" 2>/dev/null || true' TERM HUP
while kill -0 "$daemon" 2>/dev/null && kill -0 "$pipe" 2>/dev/null; do sleep 0.2; done

kill "$pipe" 2>/dev/null || true
kill "$daemon" 2>/dev/null || true
tries=0
while kill -0 "$daemon" 2>/dev/null; do
	tries=$((tries + 1))
	if [ "$tries" -ge 50 ]; then
		kill -KILL "$daemon" 2>/dev/null || true
		break
	fi
	sleep 0.1
done
wait "$daemon"

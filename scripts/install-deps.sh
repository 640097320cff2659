#!/bin/sh
# Installs what is missing for a target of the Makefile, and says what it does.
# Usage: scripts/install-deps.sh build|run|test|deb|packaging|vm
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
export PATH="$root/build/node/bin:$PATH"

purpose=${1:-run}
case $purpose in
# command:package of Debian and Ubuntu
# The compiler is for better-sqlite3, where its binary for this Node.js cannot be downloaded.
build) wanted="c++:g++ make:make python3:python3" ;;
run) wanted="bpftrace:bpftrace setpriv:util-linux" ;;
# A desktop without a display is part of the tests.
test) wanted="bpftrace:bpftrace sway:sway swaync:sway-notification-center waybar:waybar foot:foot grim:grim dbus-daemon:dbus setpriv:util-linux tmux:tmux screen:screen i3:i3-wm Xvfb:xvfb xterm:xterm debootstrap:debootstrap pgrep:procps python3:python3 shellcheck:shellcheck groff:groff-base" ;;
deb) wanted="dpkg-shlibdeps:dpkg-dev strip:binutils c++:g++ make:make python3:python3" ;;
packaging) wanted="systemd-nspawn:systemd-container debootstrap:debootstrap" ;;
vm) wanted="qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs debootstrap:debootstrap cc:build-essential" ;;
*) die "usage: scripts/install-deps.sh build|run|test|deb|packaging|vm" ;;
esac

updated=no
apt_install() {
	have apt-get || return 1
	find_root || return 1
	if [ "$updated" = no ]; then
		updated=yes
		$as_root apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
	fi
	say "installing: $*"
	# A fresh machine may be at its first upgrade by itself: wait for it.
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null
}

# Debian 13 and newer have a Node.js that fits; before that, its npm fetches one into build/node.
ensure_node() {
	if node_fits && have npm; then return 0; fi
	if is_nixos; then die "Node.js is missing: nix-shell -p nodejs bpftrace --run 'make $purpose'"; fi
	if ! have npm || ! have node; then
		apt_install nodejs npm || die "Node.js 20.19 or later and npm are missing: $(node_advice)"
	fi
	if node_fits; then return 0; fi
	say "$(node -v) is too old; fetching Node.js from the npm registry into build/node"
	fetch_node "$root/build/node" || die "$(node -v) is too old: $(node_advice)"
	hash -r # the shell remembers where node was
	node_fits || die "build/node does not run here: $(node_advice)"
}

node_advice() {
	echo "install Node.js 22 from https://nodejs.org/en/download and run this again"
}

ensure_node

missing=""
for pair in $wanted; do
	have "${pair%%:*}" || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # a list of words
if ! apt_install $missing; then
	say "missing and not installed:$missing"
	# vigil runs without bpftrace (tier procfs), and tests that lack a tool are skipped or say so.
	say "install with your package manager what you can; going on without"
fi

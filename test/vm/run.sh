#!/bin/sh
# Whole Debian machines, emulated (no KVM needed): what is checked stands in README.md.
# Usage, as root, after `make test-vm` has built what it needs:
# test/vm/run.sh [--part PART[,PART]] [--codex] [--shell] [SUITE[:PART[,PART]]...]
# PART: kernel, system, or install, with which system begins. A suite that names none plays those of --part, without which
# kernel and system.
# --codex: Codex plays its part too (Debian 13), some minutes more.
# What a machine said is left in /var/cache/vigil-vm/SUITE/PART-PART.{log,console}. With --shell a machine that is through
# stays, with root's shell on the socket SUITE/shell there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "test/vm: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "needs root"

parts=kernel,system
shell=
codex=
while [ $# -gt 0 ]; do
	case $1 in
	--part) parts=$2; shift 2 ;;
	--codex) codex=vigil.codex; shift ;;
	--shell) shell=vigil.shell; shift ;;
	-*) die "unknown option $1" ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- bookworm trixie
package=$(find "$root/build" -maxdepth 1 -name 'vigil_*.deb' | sort | tail -n 1)
[ -n "$package" ] || die "there is no package: make deb"
[ -e "$root/build/lab/test/vm/system/main.js" ] || die "the checks are not built: make test-vm"

# The second disk: the package, a later one, and what is in it for the part that needs no installation; the checks, the
# real agent. What an emulated machine need not do is done here.
payload() {
	disk=$work/payload
	mkdir -p "$disk/test/lab/agents/node_modules/.bin" "$disk/build"
	cp "$package" "$disk/vigil.deb"
	dpkg-deb -R "$package" "$work/next"
	sed -i 's/^Version: .*/Version: 99-1/' "$work/next/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$work/next" "$disk/next.deb" >/dev/null
	mv "$work/next/usr/lib/vigil" "$disk/installed"
	rm -rf "$work/next"
	cp -r "$root/build/lab" "$disk/build/"
	cp "$root/package.json" "$disk/"
	cp -r "$root/test/vm/kernel" "$root"/test/outputs/desktop/fixtures/notification-server.mjs "$disk/"
	cp -L "$root/test/lab/agents/node_modules/.bin/claude" "$disk/test/lab/agents/node_modules/.bin/claude"
	if [ -n "$codex" ]; then
		cp -r "$root/test/lab/agents/node_modules/@openai" "$disk/test/lab/agents/node_modules/"
		ln -s ../@openai/codex/bin/codex.js "$disk/test/lab/agents/node_modules/.bin/codex"
	fi
	cc -O2 -static -o "$disk/iocost" "$root/bench/cost/iocost.c"
	ln -s installed/node_modules "$disk/node_modules"
	install -m 755 "$root/test/vm/start" "$disk/start"
	truncate -s "$(($(du -sm "$disk" | cut -f 1) * 11 / 10 + 64))M" "$work/payload.img"
	mkfs.ext4 -q -d "$disk" "$work/payload.img"
	rm -rf "$disk"
}

# The first disk is written to a copy that ends with the emulator; reboots of the machine keep it.
# nice: who tests or works beside it comes first, but not alone: while the machine waits for its disk its clock goes on, so a
# disk that is never served (chrt --idle) lets minutes pass there.
# -icount: the machine's clock counts its instructions, one a nanosecond, and goes on by itself only while it idles. So
# it is a machine of 1 GHz for whatever runs in it, however slowly that comes to pass on a busy host: nothing there
# runs into a limit of time, and what a system call costs is the number of its instructions.
# -smp: 6.1 stands still where it starts a second processor on such a clock.
# -cpu: Claude wants AVX2; five-level page tables (la57) only cost.
# clearcpuid=cx16: qemu 7.2's cmpxchg16b can leave rubbish in the flags, and a kernel that allocates memory with it ends
# in a double fault sooner or later. From the kernel only: Claude takes the instruction for granted.
# mitigations=off: they cost much where they are emulated, and there is no processor to protect.
boot() { # suite
	: >"$at/$name.log"
	processors=2
	[ "$1" != bookworm ] || processors=1
	timeout 3600 nice -n 7 qemu-system-x86_64 -accel tcg,thread=single -icount shift=0 -rtc clock=vm -cpu max,-la57 \
		-smp "$processors" -m 4G -display none -nic none -monitor none -kernel "$at/vmlinuz" -initrd "$at/initrd.img" \
		-append "root=/dev/vda rw console=ttyS0 quiet panic=1 clearcpuid=cx16 mitigations=off systemd.show_status=0 vigil.parts=$parts $codex $shell" \
		-drive "file=$at/root.img,format=raw,if=virtio,snapshot=on,cache=unsafe" \
		-drive "file=$work/payload.img,format=raw,if=virtio,readonly=on" \
		-serial "file:$at/$name.console" -serial "file:$at/$name.log" \
		-serial "unix:$at/shell,server=on,wait=off" &
	machine=$!
	tail -f -n +1 --pid="$machine" "$at/$name.log" | sed -u "s,\r,,; s,^,$1  ," &
	status=0
	wait "$machine" || status=$?
	machine=
	wait # for its last words
	[ "$status" -eq 0 ] || echo "$1  FAILED  $parts: the emulator ended with $status, see $at/$name.console"
}

# Says at last how long it took, and whether all was well.
play() { # SUITE[:PARTS]
	case $1 in *:*) parts=${1#*:} ;; esac
	name=$(echo "$parts" | tr , -)
	set -- "${1%%:*}"
	machine=
	trap '[ -z "$machine" ] || kill "$machine"' EXIT
	trap 'exit 143' INT TERM
	bad=0
	at=$("$root/test/vm/image.sh" "$1")
	began=$(date +%s)
	boot "$1"
	fine=$(grep -ac '^ok ' "$at/$name.log") || true
	failed=$(grep -ac '^FAILED' "$at/$name.log") || true
	if ! grep -aq '^DONE' "$at/$name.log" || [ "$fine" -eq 0 ] || [ "$failed" -gt 0 ]; then
		bad=1
		echo "$1  FAILED  see $at/$name.log"
	fi
	echo "$1  TOTAL   $fine ok, $failed failed, $(($(date +%s) - began)) s"
	exit "$bad"
}

# An emulated machine takes one processor of this one: the suites go side by side.
payload
players=
for suite in "$@"; do
	play "$suite" &
	players="$players $!"
done
# shellcheck disable=SC2064,SC2086 # now, and each
trap "kill $players 2>/dev/null; wait; exit 143" INT TERM
bad=0
for player in $players; do wait "$player" || bad=1; done
exit "$bad"

#!/bin/sh
# Whole Debian machines, emulated (no KVM needed): what is checked stands in README.md.
# Usage, as root, after `make deb lab`: test/vm/run.sh [--part kernel|system]... [--shell] [suite...]
# What a machine said is left in /var/cache/vigil-vm/SUITE/PART.{log,console}. With --shell a machine that is through
# stays, with root's shell on the socket SUITE/shell there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "test/vm: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "needs root"

parts=
shell=
while [ $# -gt 0 ]; do
	case $1 in
	--part) parts="$parts $2"; shift 2 ;;
	--shell) shell=vigil.shell; shift ;;
	-*) die "unknown option $1" ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- bookworm trixie
package=$(find "$root/build" -maxdepth 1 -name 'vigil_*.deb' | sort | tail -n 1)
[ -n "$package" ] || die "there is no package: make deb"
[ -e "$root/build/lab/test/vm/system/main.js" ] || die "run make lab-vm first"

# The second disk: the package, the checks, the real agent, and a Node.js that is there when vigil's is not.
payload() {
	disk=$work/payload
	mkdir -p "$disk/test/lab/agents/node_modules/.bin" "$disk/build"
	cp "$package" "$disk/vigil.deb"
	cp -L "$(node -p process.execPath)" "$disk/node"
	cp -r "$root/build/lab" "$disk/build/"
	cp "$root/package.json" "$disk/"
	cp -r "$root/test/vm/kernel" "$root"/test/session/fixtures/notification-server.mjs "$disk/"
	cp -L "$root/test/lab/agents/node_modules/.bin/claude" "$disk/test/lab/agents/node_modules/.bin/claude"
	cc -O2 -static -o "$disk/iocost" "$root/bench/cost/iocost.c"
	ln -s /usr/lib/vigil/node_modules "$disk/node_modules"
	install -m 755 "$root/test/vm/start" "$disk/start"
	truncate -s "$(($(du -sm "$disk" | cut -f 1) * 11 / 10 + 64))M" "$work/payload.img"
	mkfs.ext4 -q -d "$disk" "$work/payload.img"
	rm -rf "$disk"
}

# The first disk is written to a copy that ends with the emulator; reboots of the machine keep it. -cpu max: Claude
# wants AVX2. tsc=unstable: with it newer kernels trust the emulated counters, and then stand still.
boot() { # suite part
	: >"$at/$2.log"
	nice -n 10 timeout 1500 qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-la57 -smp 2 -m 4G -display none -nic none \
		-monitor none -kernel "$at/vmlinuz" -initrd "$at/initrd.img" \
		-append "root=/dev/vda rw console=ttyS0 quiet panic=1 tsc=unstable systemd.show_status=0 vigil.part=$2 $shell" \
		-drive "file=$at/root.img,format=raw,if=virtio,snapshot=on,cache=unsafe" \
		-drive "file=$work/payload.img,format=raw,if=virtio,readonly=on" \
		-serial "file:$at/$2.console" -serial "file:$at/$2.log" \
		-serial "unix:$at/shell,server=on,wait=off" &
	machine=$!
	tail -f -n +1 --pid="$machine" "$at/$2.log" | sed -u "s,\r,,"
	wait "$machine" || echo "FAILED  $1 $2: the emulator ended with $?, see $at/$2.console"
}

payload
failed=0
for suite in "$@"; do
	at=$("$root/test/vm/image.sh" "$suite")
	for part in ${parts:-kernel system}; do
		echo "test/vm: $suite, $part"
		boot "$suite" "$part"
		# The emulator itself can die, or make the kernel panic: once more, but not in silence.
		if ! grep -aq '^DONE' "$at/$part.log"; then
			cp "$at/$part.log" "$at/$part.died.log"
			cp "$at/$part.console" "$at/$part.died.console"
			echo "DIED    $suite, $part, again: see $at/$part.died.console"
			boot "$suite" "$part"
		fi
		if ! grep -aq '^DONE' "$at/$part.log" || ! grep -aq '^ok ' "$at/$part.log" || grep -aq '^FAILED' "$at/$part.log"; then
			echo "FAILED  $suite, $part: see $at/$part.log"
			failed=1
		fi
	done
done
exit "$failed"

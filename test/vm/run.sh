#!/bin/sh
# The sensor on Debian's own kernels with Debian's own bpftrace, in emulated machines (no KVM needed, some minutes
# each). Usage, as root: test/vm/run.sh [suite...]   Needs debootstrap, qemu-system-x86, cpio, a C compiler, and
# `make build`. What a machine said is left in /var/cache/vigil-vm/SUITE.log.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${VIGIL_VM:-/var/cache/vigil-vm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ "$(id -u)" -eq 0 ] || { echo "test/vm: needs root" >&2; exit 1; }
[ -e "$root/dist/kernel/index.js" ] || { echo "test/vm: run make build first" >&2; exit 1; }

make_tree() { # suite
	rm -rf --one-file-system "${cache:?}/$1"
	mkdir -p "$cache"
	echo "test/vm: debootstrap $1 (once, some minutes)"
	# shellcheck disable=SC2016 # apt's own placeholders
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }')
	# shellcheck disable=SC2086 # no mirror: no argument
	debootstrap --variant=minbase --include=bpftrace,linux-image-cloud-amd64,python3 "$1" "$cache/$1" $mirror >"$work/log" 2>&1 ||
		{ tail -n 5 "$work/log" >&2; exit 1; }
	mkdir "$cache/$1/vigil"
}

# What is laid over the tree: Node.js, vigil as built, the packages that it runs with, and the fixtures.
overlay() {
	mkdir -p "$work/over/vigil"
	install -m 755 "$root/test/vm/init" "$work/over/init"
	cp "$root"/test/vm/*.py "$root"/test/vm/*.mjs "$root/package.json" "$work/over/vigil/"
	cp -r "$root/dist" "$root/bpf" "$work/over/vigil/"
	cp -L "$(node -p process.execPath)" "$work/over/vigil/node"
	cc -O2 -static -o "$work/over/vigil/iocost" "$root/bench/cost/iocost.c"
	# shellcheck disable=SC2016 # JavaScript
	node -e 'for (const [path, entry] of Object.entries(require(`${process.argv[1]}/package-lock.json`).packages))
		if (path !== "" && !entry.dev && !path.includes("/node_modules/")) console.log(path)' "$root" |
		while read -r package; do
			[ ! -d "$root/$package" ] || (cd "$root/" && cp -r --parents "$package" "$work/over/vigil/")
		done
}

boot() { # suite
	{
		(cd "$cache/$1" && find . -xdev \( -path ./boot -o -path ./usr/share/doc -o -path ./usr/share/locale \
			-o -path ./usr/share/man -o -path ./var/cache -o -path ./var/lib/apt -o -path ./usr/lib/modules \
			-o -path ./lib/modules -o -path ./vigil/\* \) -prune -o -print0 | cpio -0 -o -H newc --quiet)
		(cd "$work/over" && find . -print0 | cpio -0 -o -H newc --quiet)
	} >"$work/initrd"
	timeout 900 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 4G -nographic -no-reboot -monitor none \
		-kernel "$(find "$cache/$1/boot" -name 'vmlinuz-*' | sort | tail -n 1)" -initrd "$work/initrd" \
		-append "console=ttyS0 rdinit=/init quiet panic=-1" </dev/null >"$cache/$1.log"
}

overlay
failed=0
[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
	[ -e "$cache/$suite/vigil" ] || make_tree "$suite"
	boot "$suite" || true
	# The emulator itself can die, or make the kernel panic: once more, but not in silence.
	if ! grep -aq '^DONE' "$cache/$suite.log"; then
		cp "$cache/$suite.log" "$cache/$suite.died.log"
		echo "DIED    $suite, again: see $cache/$suite.died.log"
		boot "$suite" || true
	fi
	sed -i 's/\r//' "$cache/$suite.log"
	grep -aoE '(KERNEL|TIER|LOG|COST|ok|FAILED)  .*' "$cache/$suite.log" || true
	if ! grep -aq '^DONE' "$cache/$suite.log" || ! grep -aq '^ok ' "$cache/$suite.log" ||
		! grep -aq '^COST ' "$cache/$suite.log" || grep -aq '^FAILED' "$cache/$suite.log"; then
		echo "FAILED  $suite: see $cache/$suite.log"
		failed=1
	fi
done
exit "$failed"

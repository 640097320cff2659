#!/bin/sh
# The kernel programs on Debian 12's own kernel and bpftrace, in an emulated machine (no KVM needed, one to two
# minutes). Usage, as root: test/vm/run.sh [suite]   Needs debootstrap, qemu-system-x86 and cpio.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
suite=${1:-bookworm}
cache=${VIGIL_VM:-/var/cache/vigil-vm}
tree=$cache/$suite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -e "$tree/vigil" ]; then
	rm -rf "$tree"
	mkdir -p "$cache"
	# shellcheck disable=SC2016 # apt's own placeholders
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }')
	# shellcheck disable=SC2086 # no mirror: no argument
	debootstrap --variant=minbase --include=bpftrace,linux-image-cloud-amd64,python3 "$suite" "$tree" $mirror >"$work/log" 2>&1 ||
		{ tail -n 5 "$work/log" >&2; exit 1; }
	mkdir "$tree/vigil"
fi
cp "$root"/bpf/*.bt "$root/test/vm/agent.py" "$tree/vigil/"
install -m 755 "$root/test/vm/init" "$tree/init"
(cd "$tree" && find . -xdev \( -path ./boot -o -path ./usr/share/doc -o -path ./usr/share/locale -o -path ./usr/share/man \
	-o -path ./var/cache -o -path ./var/lib/apt -o -path ./usr/lib/modules -o -path ./lib/modules \) -prune -o -print0 |
	cpio -0 -o -H newc --quiet >"$work/initrd")
timeout 300 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 4G -nographic -no-reboot -monitor none \
	-kernel "$(find "$tree/boot" -name 'vmlinuz-*' | sort | tail -n 1)" -initrd "$work/initrd" \
	-append "console=ttyS0 rdinit=/init quiet panic=-1" </dev/null | tr -d '\r' >"$work/out"

failed=0
expect() { # what pattern
	if grep -Eq "$2" "$work/out"; then echo "ok      $1"; else
		echo "FAILED  $1"
		failed=1
	fi
}
grep -Eo '(KERNEL|ERROR|AGENT) .*' "$work/out" || true
number='[0-9]+ [0-9]+ [0-9]+'
expect "output" "^TERMINAL W $number [0-9]+ 0 [0-9]+ [0-9]+ "
expect "title" "^TERMINAL S .* 1b 5d 30 3b 68 65 6c 6c 6f 20 74 69 74 6c 65 07$"
expect "state word" "^TERMINAL S .* 1b 5d 37 35 30 31 3b .* 1b$"
expect "title behind 3 kB" "^TERMINAL S .* 1b 5d 32 3b 61 66 74 65 72 20 61 20 6c 6f 74 1b$"
expect "a key" "^TERMINAL K $number 1 0 70 74 73 30 "
expect "Enter" "^TERMINAL K $number 3 1 "
expect "Escape" "^TERMINAL K $number 1 2 "
expect "Escape, kitty protocol" "^TERMINAL K $number 5 2 "
expect "fork" "^LIFECYCLE F "
expect "exec of sleep, with path" "^LIFECYCLE E .* 2f 75 73 72 2f 62 69 6e 2f 73 6c 65 65 70 00$"
expect "argv of sleep" "^LIFECYCLE A $number [0-9]+ 0 73 6c 65 65 70 00 31 00$"
expect "exit of the agent with code 3" "^LIFECYCLE X $number [0-9]+ 768 0 0$"
[ "$failed" -eq 0 ] || cp "$work/out" "$cache/last-failure.log"
exit "$failed"

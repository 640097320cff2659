#!/bin/sh
# Makes the disk of a Debian machine and says the folder with root.img, vmlinuz and initrd.img in it. Both steps are
# done once: packages (again when the list here changes), image (again when anything of this folder's image changes).
# Usage, as root: test/vm/image.sh SUITE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${VIGIL_VM:-/var/cache/vigil-vm}
suite=$1
tree=$cache/$suite/tree
packages=bpftrace,linux-image-cloud-amd64,python3,systemd-sysv,dbus,dbus-user-session,libpam-systemd,tmux
# Codex, which runs on the later one, asks ps for its own daemon.
[ "$suite" = bookworm ] || packages=$packages,procps
made=$(cat "$here/image.sh" "$here"/units/* | sha256sum)

make_tree() {
	rm -rf --one-file-system "${tree:?}"
	mkdir -p "$tree"
	echo "test/vm: debootstrap $suite (once, some minutes)" >&2
	# shellcheck disable=SC2016 # apt's own placeholders
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }')
	# shellcheck disable=SC2086 # no mirror: no argument
	debootstrap --variant=minbase "--include=$packages" "$suite" "$tree" $mirror >"$cache/$suite/debootstrap.log" 2>&1 || {
		tail -n 5 "$cache/$suite/debootstrap.log" >&2
		exit 1
	}
	rm -rf "$tree"/var/cache/apt/archives/*.deb
	echo "$packages" >"$cache/$suite/packages"
}

make_image() {
	system=$tree/etc/systemd/system
	mkdir -p "$tree/vigil-test" "$system/multi-user.target.wants"
	install -m 644 "$here"/units/* "$system/"
	for unit in vigil-test.service vigil-shell.service; do ln -sf "../$unit" "$system/multi-user.target.wants/"; done
	# Nobody logs in on a console, and waiting for the serial one would take 90 s.
	for unit in serial-getty@ttyS0.service dev-ttyS0.device getty@tty1.service apt-daily.timer apt-daily-upgrade.timer; do
		ln -sf /dev/null "$system/$unit"
	done
	# A journal that outlives a reboot.
	mkdir -p "$tree/var/log/journal"
	printf '/dev/vda / ext4 errors=remount-ro 0 1\n/dev/vdb /vigil-test ext4 ro 0 0\n' >"$tree/etc/fstab"
	echo vigil-test >"$tree/etc/hostname"
	grep -q '^ann:' "$tree/etc/passwd" || chroot "$tree" useradd --create-home --shell /bin/bash ann
	cp "$(find "$tree/boot" -name 'vmlinuz-*' | sort | tail -n 1)" "$cache/$suite/vmlinuz"
	cp "$(find "$tree/boot" -name 'initrd.img-*' | sort | tail -n 1)" "$cache/$suite/initrd.img"
	rm -f "$cache/$suite/root.img"
	truncate -s 4G "$cache/$suite/root.img"
	mkfs.ext4 -q -d "$tree" "$cache/$suite/root.img"
	echo "$made" >"$cache/$suite/made"
}

mkdir -p "$cache/$suite"
[ "$(cat "$cache/$suite/packages" 2>/dev/null)" = "$packages" ] || { make_tree; rm -f "$cache/$suite/made"; }
[ "$(cat "$cache/$suite/made" 2>/dev/null)" = "$made" ] || make_image
echo "$cache/$suite"

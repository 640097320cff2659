#!/bin/sh
# The .deb on whole Debian 12 and 13 systems, in containers of systemd-nspawn, a minute each: installed, started,
# upgraded, removed, purged; what is checked stands in guest.sh.
# Usage, as root, after `make deb`: test/packaging/run.sh [suite...]
# What a system said is left in $VIGIL_PACKAGING/SUITE.log
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${VIGIL_PACKAGING:-/var/cache/vigil-packaging}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
[ "$(id -u)" -eq 0 ] || { echo "test/packaging: needs root" >&2; exit 1; }
package=$(find "$root/build" -maxdepth 1 -name 'vigil_*.deb' | sort | tail -n 1)
[ -n "$package" ] || { echo "test/packaging: run make deb first" >&2; exit 1; }

make_tree() { # suite
	rm -rf --one-file-system "${cache:?}/$1"
	mkdir -p "$cache"
	echo "test/packaging: debootstrap $1 (once, some minutes)"
	# shellcheck disable=SC2016 # apt's own placeholders
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }')
	# shellcheck disable=SC2086 # no mirror: no argument
	debootstrap --variant=minbase --include=systemd-sysv,dbus,libpam-systemd,bpftrace,python3,procps \
		"$1" "$cache/$1" $mirror >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
	touch "$cache/$1/.whole"
}

# A unit that runs the checks.
units() { # tree
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants" "$1/vigil-test"
	cat >"$1/etc/systemd/system/vigil-test.service" <<-'UNIT'
		[Service]
		ExecStart=/bin/sh /vigil-test/guest.sh
		StandardOutput=append:/vigil-test/log
		StandardError=inherit
		ExecStopPost=/usr/bin/systemctl poweroff --force
	UNIT
	ln -sf ../vigil-test.service "$1/etc/systemd/system/multi-user.target.wants/"
	for unit in console-getty.service apt-daily.timer apt-daily-upgrade.timer; do
		ln -sf /dev/null "$1/etc/systemd/system/$unit"
	done
}

# This machine's cgroups may be of the old kind, which new versions of systemd want to be told.
contain() { # suite
	cp "$package" "$work/vigil.deb"
	cp "$root"/test/packaging/guest.sh "$root"/test/packaging/agent.py "$work/"
	: >"$work/log"
	timeout 400 systemd-nspawn --quiet --boot --volatile=overlay --register=no --keep-unit --console=pipe \
		--capability=all --system-call-filter='bpf perf_event_open' --bind="$work:/vigil-test" \
		--setenv=SYSTEMD_PROC_CMDLINE="systemd.show_status=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1" \
		--directory="$cache/$1" </dev/null >"$cache/$1.console" 2>&1
	cp "$work/log" "$cache/$1.log"
}

failed=0
[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
	[ -e "$cache/$suite/.whole" ] || make_tree "$suite"
	units "$cache/$suite"
	contain "$suite" || true
	grep -aE '^(MACHINE|SANDBOX|ok|FAILED) ' "$cache/$suite.log" || true
	if ! grep -aqx DONE "$cache/$suite.log" || grep -aq '^FAILED' "$cache/$suite.log"; then
		echo "FAILED  $suite: see $cache/$suite.log"
		failed=1
	fi
done
exit "$failed"

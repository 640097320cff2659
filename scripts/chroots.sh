#!/bin/sh
# Other versions of bpftrace for the tests: Debian trees in /var/cache/vigil-chroots/{trixie,sid}, with /proc,
# /sys and /dev bound into them. Makes what is missing, leaves what is there. Needs root and debootstrap.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

chroots=${VIGIL_CHROOTS:-/var/cache/vigil-chroots}
suites=${*:-trixie sid}

[ "$(id -u)" -eq 0 ] || die "chroots: needs root"

# The Debian archive that this machine's own apt uses; nothing where there is none, then debootstrap knows one.
# shellcheck disable=SC2016 # apt's own placeholders
mirror() {
	have apt-get || return 0
	apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }'
}

make_tree() { # suite
	have debootstrap || die "chroots: debootstrap is missing"
	partial=$chroots/$1.partial
	rm -rf --one-file-system "$partial"
	mkdir -p "$chroots"
	say "chroots: debootstrap $1 (once, about a minute)"
	proxy=$(apt-config shell p Acquire::http::Proxy 2>/dev/null | sed -n "s/^p='\(.*\)'$/\1/p")
	[ -z "$proxy" ] || export http_proxy="$proxy"
	# shellcheck disable=SC2046 # no mirror: no argument
	debootstrap --variant=minbase --include=bpftrace "$1" "$partial" $(mirror) >"$chroots/$1.log" 2>&1 || {
		tail -n 5 "$chroots/$1.log" >&2
		die "chroots: debootstrap $1 failed, see $chroots/$1.log"
	}
	rm -rf "$partial"/var/cache/apt/archives/*.deb
	[ ! -e "$chroots/$1" ] || die "chroots: $chroots/$1 is there but has no bpftrace; remove it first"
	mv "$partial" "$chroots/$1"
}

bind() { # suite folder
	mountpoint -q "$chroots/$1/$2" && return 0
	mount --rbind "/$2" "$chroots/$1/$2"
	mount --make-rslave "$chroots/$1/$2"
}

for suite in $suites; do
	[ -x "$chroots/$suite/usr/bin/bpftrace" ] || make_tree "$suite"
	for folder in proc sys dev; do bind "$suite" "$folder"; done
done

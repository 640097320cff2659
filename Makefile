# vigil. `make run` shows it at work; `make test` checks everything that needs no other machine.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build run test lint unit test-lab lab-matrix test-vm vm-images real-agents test-packaging test-nix soak bench install uninstall deb docs clean lab deps-build deps-test deps-vm

prefix ?= /usr/local

# A Node.js of vigil's own, where the system has none that is new enough (scripts/install-deps.sh).
export PATH := $(CURDIR)/build/node/bin:$(PATH)

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

build: deps-build node_modules/.vigil-lock ## Compile; leaves a working bin/vigil
	@rm -rf build/dist.new && mkdir -p build
	node_modules/.bin/tsc -p tsconfig.build.json --outDir build/dist.new
	@rm -rf dist && mv build/dist.new dist

run: ## Install what is missing, build, start vigil and show the agents; Ctrl-C ends it
	@scripts/run.sh

test: deps-test build lint unit ## Lint and all tests (installs what they need)

lint: build
	node_modules/.bin/tsc --noEmit
	node_modules/.bin/biome check --error-on-warnings .
	node_modules/.bin/depcruise --config .dependency-cruiser.mjs src
	shellcheck -x scripts/*.sh .ci/run test/vm/*.sh test/vm/start test/vm/kernel/checks.sh packaging/debian/build.sh packaging/debian/p[or]* test/packaging/*.sh

# Tests as root see more: eBPF, other users. tracefs is missing in some containers.
unit: build
	@scripts/mount-tracefs.sh || true
	@rm -f build/vitest.json
	node_modules/.bin/vitest run --reporter=default --reporter=json --outputFile.json=build/vitest.json

test-lab: lab ## Real agents against a scripted model: two scenarios (downloads the agents once)
	node build/lab/bench/accuracy/main.js --repeat 1 --scenario short-answer --scenario approval-accepted

# As root; downloads each version and lets go of it again.
agents ?= claude-code codex
versions ?= newest 3
lab-matrix: lab ## Which versions of which agents vigil is right about: agents="claude-code codex" versions="newest 3"
	node build/lab/test/lab/matrix.js --agents "$(agents)" --versions "$(versions)"
	node_modules/.bin/biome format --write test/lab/tested.json src/agents/tested-versions.ts

# As root; emulated, so some twenty minutes on two processors, and half a gigabyte of downloads the first time.
# A part of it, e.g.: make test-vm vm='bookworm:kernel,install trixie:system'
vm ?= bookworm trixie
test-vm: export DEB_COMPRESSION = none
test-vm: deps-vm vm-images real-agents deb ## Whole Debian 12 and 13 machines: the package, the service, real agents, the kernel programs
	node_modules/.bin/tsc -p test/vm/tsconfig.json
	test/vm/run.sh $(vm)

vm-images: deps-vm
	@for suite in $(vm); do case $$suite in bookworm*|trixie*) test/vm/image.sh $${suite%%:*} >/dev/null || exit 1 ;; esac; done

# As root.
test-packaging: export DEB_COMPRESSION = none
test-packaging: deb ## The .deb on Debian 12 and 13 in containers: install, hang, upgrade, purge
	@scripts/install-deps.sh packaging
	test/packaging/run.sh

# Wants nix-instantiate and nixpkgs' lib: <nixpkgs>, or NIXPKGS_LIB=/path/to/nixpkgs/lib.
test-nix: build ## The NixOS module, evaluated in every way a user would set it
	node --test test/nix/check.mjs

# Half an hour: `node build/lab/bench/soak/main.js --minutes 10` is a shorter one.
soak: lab ## Is memory flat while real agents work and processes come and go?
	node_modules/.bin/tsc -p bench/soak/tsconfig.json
	node build/lab/bench/soak/main.js

bench: lab ## How true, how fast, and what it costs: all scenarios, half an hour together
	node build/lab/bench/accuracy/main.js --mode words
	node build/lab/bench/accuracy/main.js --mode rhythm
	node build/lab/bench/accuracy/main.js --mode procfs
	node_modules/.bin/tsc -p bench/day/tsconfig.json
	node build/day/bench/day/main.js
	node build/lab/bench/load/main.js
	node bench/start/run.mjs
	node bench/scan/run.mjs
	node bench/cost/run.mjs
	node bench/collectors/run.mjs
	node --expose-gc bench/guard/run.mjs
	node --expose-gc bench/churn/run.mjs
	node_modules/.bin/tsc -p bench/session/tsconfig.json
	node build/session/bench/session/main.js
	node_modules/.bin/tsc -p bench/flood/tsconfig.json
	node build/lab/bench/flood/main.js

real-agents: deps-build
	test/lab/agents/install.sh

lab: real-agents deps-test build
	node_modules/.bin/tsc -p test/lab/tsconfig.json

install: ## Install what `make build` made; prefix=/usr/local, DESTDIR for packages
	@PREFIX="$(prefix)" DESTDIR="$(DESTDIR)" scripts/install.sh install

uninstall: ## Take it away again; configuration and history stay
	@PREFIX="$(prefix)" DESTDIR="$(DESTDIR)" scripts/install.sh uninstall

deb: build ## A package for Debian and Ubuntu, in build/
	@scripts/install-deps.sh deb
	@packaging/debian/build.sh

docs: build ## Write man/vigil.1, docs/configuration.md and the table of docs/rules.md anew
	node scripts/docs.mjs

clean: ## Remove what was built
	rm -rf build dist coverage

deps-build:
	@scripts/install-deps.sh build

deps-test:
	@scripts/install-deps.sh test

deps-vm:
	@scripts/install-deps.sh vm

# As the lockfile says, again whenever it changed; a mere new time stamp (git checkout) is no change.
node_modules/.vigil-lock: package-lock.json
	@if cmp -s package-lock.json $@; then touch $@; else scripts/install-packages.sh; fi

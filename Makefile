# The front door. `make help` lists the targets.
.DEFAULT_GOAL := build
.PHONY: help demo build test test-clients bench bench-ann bench-chroma fmt lint sanitize dependencies model install clean

SWIFT ?= swift
PREFIX ?= /usr/local
SWIFT_SOURCES := Package.swift Sources Tests
RELEASE := .build/release

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: ## build, mount a throw-away store, write and search documents (KEEP=1 leaves it mounted)
	@scripts/install-dependencies build
	@scripts/fetch-model
	@$(MAKE) --no-print-directory build
	@scripts/demo

build: ## build the release binary, with the Swift runtime linked in
	@scripts/install-dependencies build
	$(SWIFT) build -c release --static-swift-stdlib --product vexfs-fuse
	$(SWIFT) build -c release --static-swift-stdlib --product vexfs-adapter

test: ## run all tests, on real mounts
	@scripts/install-dependencies test
	@scripts/fetch-model
	@scripts/test

test-clients: ## run the tests with unmodified clients of Chroma (ARGS="-k NAME"); pip fetches the clients
	@scripts/install-dependencies test
	@scripts/fetch-model
	$(SWIFT) build --product vexfs-fuse
	$(SWIFT) build --product vexfs-adapter
	@Tests/ClientTests/run $(ARGS)

bench: ## run every benchmark (Benchmarks/*/run)
	@scripts/install-dependencies test
	@scripts/fetch-model
	@$(MAKE) --no-print-directory build
	@scripts/bench

bench-ann: ## compare the search for vectors with other libraries (ARGS="--quick"; --help lists more)
	@scripts/install-dependencies build
	@$(MAKE) --no-print-directory build
	@Benchmarks/ann/run $(ARGS)

bench-chroma: ## compare the adapter with chromadb's server (ARGS="--size 10000 --rounds 1"; --help lists more)
	@scripts/install-dependencies build
	@scripts/fetch-model
	@$(MAKE) --no-print-directory build
	@Benchmarks/chroma/run $(ARGS)

fmt: ## format the Swift sources
	$(SWIFT) format --in-place --recursive $(SWIFT_SOURCES)

lint: ## check format, warnings, scripts
	@scripts/lint

sanitize: ## run the tests under ThreadSanitizer and AddressSanitizer
	@scripts/install-dependencies test
	@scripts/fetch-model
	@scripts/sanitize

dependencies: ## install the Debian packages that are missing
	@scripts/install-dependencies test

model: ## fetch the embedding model
	@scripts/fetch-model

install: ## install the release binaries below PREFIX (/usr/local)
	install -D -m 0755 $(RELEASE)/vexfs-fuse $(DESTDIR)$(PREFIX)/bin/vexfs-fuse
	install -D -m 0755 $(RELEASE)/vexfs-adapter $(DESTDIR)$(PREFIX)/bin/vexfs-adapter
	install -d $(DESTDIR)/sbin
	ln -sf $(PREFIX)/bin/vexfs-fuse $(DESTDIR)/sbin/mount.vexfs
	install -D -m 0644 packaging/systemd/vexfs@.service $(DESTDIR)$(PREFIX)/lib/systemd/system/vexfs@.service
	install -D -m 0644 packaging/systemd/vexfs-adapter@.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/vexfs-adapter@.service
	install -D -m 0644 packaging/completions/vexfs-fuse.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/vexfs-fuse

clean: ## remove what was built
	rm -rf .build

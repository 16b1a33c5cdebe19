# Castellan. `make run` starts it here, `make test` proves it, `make dist` builds it for every box.

VERSION ?= $(shell sed -n 's/^\#\# \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -1)
# The time of the last commit, so that the same sources give the same bytes.
BUILT   ?= $(or $(shell git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null),2026-11-22T00:00:00Z)
# What is not inlined is smaller, by 0.6 MB. What runs in every request, or in a hash, is inlined.
HOT      = runtime/... internal/... crypto/... golang.org/x/crypto/... strconv bytes strings sync/... slices unicode/utf8 math math/bits hash/... \
           encoding/json reflect go.etcd.io/bbolt/...
COLD     = crypto/x509/...
GOBUILD  = CGO_ENABLED=0 go build -trimpath -buildvcs=false -gcflags=all=-l $(HOT:%=-gcflags=%=) $(COLD:%=-gcflags=%=-l) \
           -ldflags '-s -w -buildid= -X main.version=$(VERSION) -X main.built=$(BUILT)'
LINT     = .cache/bin/golangci-lint
WEBFILES = $(shell find webui \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f -print)
export TZ = UTC

.PHONY: help run build webui generate test soak lint bench dist clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.* \#\# /  make \1\t/p' Makefile | expand -t 22

run: build var/castellan.toml ## build everything and start it here, without root and without hardware
	@exec bin/castellan serve -config var/castellan.toml -greeting

build: webui ## build bin/castellan with its desktop
	$(GOBUILD) -o bin/castellan ./cmd/castellan

var/castellan.toml:
	@mkdir -p -m 700 var
	@cp packaging/castellan.run.toml $@

webui: webui/dist/app/index.html.gz ## build the desktop

webui/dist/app/index.html.gz: webui/node_modules/.package-lock.json $(WEBFILES)
	npm --prefix webui run --silent build

webui/node_modules/.package-lock.json: webui/package-lock.json webui/tools/package-lock.json
	npm --prefix webui ci --ignore-scripts --no-audit --no-fund
	npm --prefix webui/tools ci --ignore-scripts --no-audit --no-fund
	@touch $@

generate: webui/node_modules/.package-lock.json ## make the generated files anew from the contract
	go generate ./...
	npm --prefix webui run --silent generate

test: ## prove everything; on Debian as root it installs what it wants
	@packaging/setup/test.sh

soak: ## cut the power of a real kernel 200 times, damage a database in every way and have machines call, in half an hour at most
	@packaging/setup/debian.sh
	@packaging/setup/kernel.sh
	go test -tags kernel -count 1 -timeout 27m -run PowerCutsOnARealKernel ./internal/daemon -args -cuts 200 -cuts.within 24m
	go test -v -count 1 -timeout 6m -run ADamagedFileEndsOnARung ./internal/daemon -args -damage.all
	go test -v -count 1 -timeout 6m -run MachinesThatCallAllDay ./internal/daemon -args -machines.for 2m

lint: $(LINT) webui/node_modules/.package-lock.json ## look at the sources
	$(LINT) run ./...
	npm --prefix webui run --silent lint

$(LINT): packaging/tools/golangci-lint/go.mod
	cd packaging/tools/golangci-lint && go build -o $(CURDIR)/$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

bench: build ## measure a real daemon, also with 100,000 accounts and 1,000,000 events, and print tables
	@go run ./internal/bench -program bin/castellan
	@go run ./internal/bench -program bin/castellan -many 100000

dist: webui ## build one static binary for each kind of box, and print their sizes
	@mkdir -p dist
	@printf '%-24s %10s %8s\n' binary bytes MiB
	@set -e; for box in amd64: arm64: arm:7 arm:6 arm:5; do \
		arch=$${box%:*}; arm=$${box#*:}; out=dist/castellan-linux-$$arch$${arm:+v$$arm}; \
		GOOS=linux GOARCH=$$arch GOARM=$$arm $(GOBUILD) -o $$out ./cmd/castellan; \
		size=$$(wc -c <$$out); \
		printf '%-24s %10d %8.2f\n' $${out#dist/} $$size $$(echo "$$size / 1048576" | awk '{print $$1 / $$3}'); \
		if [ $$arch = amd64 ] && [ $$size -gt 15728640 ]; then echo "castellan-linux-amd64 is larger than 15 MiB"; exit 1; fi; \
	done

clean: ## remove what was built, but not ./var
	rm -rf bin dist .cache webui/dist/app webui/node_modules webui/tools/node_modules

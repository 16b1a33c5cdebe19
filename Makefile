# Castellan. `make run` starts it here, `make test` proves it, `make dist` builds it for every box.

VERSION ?= $(shell sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' CHANGELOG.md 2>/dev/null | head -1)
BUILT   ?= $(shell git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo 2026-11-22T00:00:00Z)
LDFLAGS  = -s -w -buildid= -X main.version=$(or $(VERSION),0.1.0) -X main.built=$(BUILT)
GOBUILD  = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
export TZ = UTC

.PHONY: run build webui generate

run: build var/castellan.toml ## build everything and start it here, without root and without hardware
	@exec bin/castellan serve -config var/castellan.toml -greeting

build: webui ## build bin/castellan with its desktop
	$(GOBUILD) -o bin/castellan ./cmd/castellan

var/castellan.toml:
	@mkdir -p -m 700 var
	@cp packaging/castellan.run.toml $@

webui: webui/dist/app/index.html.gz

webui/dist/app/index.html.gz: webui/node_modules/.package-lock.json $(shell find webui -path webui/node_modules -prune -o -path webui/dist -prune -o -type f -print 2>/dev/null)
	npm --prefix webui run --silent build

webui/node_modules/.package-lock.json: webui/package-lock.json
	npm --prefix webui ci --ignore-scripts --no-audit --no-fund

generate: ## make the generated files anew from the contract
	go generate ./...
	npm --prefix webui run generate

#!/bin/bash
# Proves everything: `make test`. What is missing on this machine is named in a line "SKIP name: what to
# install"; with CASTELLAN_TEST_REQUIRE=all it fails instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache
export CASTELLAN_TEST_REQUIRE=${CASTELLAN_TEST_REQUIRE-}

part() { printf '\n== %s (%d s so far)\n' "$1" "$SECONDS"; }

skip() { # name install
	echo "SKIP $1: $2"
	[ "$CASTELLAN_TEST_REQUIRE" != all ] || exit 1
}

# Prints what failed and what was said there, what was skipped, and each package's result out of the long output of a Go test run.
# A slow machine may take long: the time limit is for what hangs.
gotest() {
	local log=.cache/test-$1.log
	shift
	if ! go test -v -timeout 60m "$@" >"$log" 2>&1; then
		grep -E '^ok ' "$log" || true
		failures "$log"
		echo "the whole output is in $log"
		exit 1
	fi
	grep -E '^ok ' "$log"
	grep -hoE 'SKIP [^:]+: .*' "$log" | sort -u || true
}

# Prints each test that failed with its own last words only, however many others speak in between.
failures() {
	awk '
		/^=== / { test = $3; lines = 0; next }
		/^ *--- (PASS|SKIP): / { delete said[$3]; next }
		/^ *--- FAIL: / { print; printf "%s", substr(said[$3], 1 + length(said[$3]) - 4000); delete said[$3]; next }
		/^(FAIL|# )/ || /^[^ ]+\.go:[0-9]+:[0-9]+: / { print; next }
		/^(panic|fatal error|WARNING: DATA RACE)/ { lines = 60 }
		lines-- > 0 { print; next }
		test { said[test] = said[test] $0 "\n" }
	' "$1"
}

part 'what the tests want'
packaging/setup/debian.sh
packaging/setup/kernel.sh || skip kernel "run packaging/setup/kernel.sh on Debian"
packaging/setup/root.sh || skip system "run packaging/setup/root.sh as root on Debian"

part 'the contract and what is made from it'
before=$(cat internal/httpapi/api/api.gen.go internal/httpapi/api/api.gen.sum | sha256sum)
go generate ./...
[ "$before" = "$(cat internal/httpapi/api/api.gen.go internal/httpapi/api/api.gen.sum | sha256sum)" ] || {
	echo 'the generated Go files were stale: commit what make generate made'
	exit 1
}

part 'the Go tests, watched by the race detector'
if command -v gcc >/dev/null; then
	gotest race -race -parallel 8 ./...
else
	skip gcc 'apt-get install gcc, for the race detector'
	gotest plain ./...
fi

part 'the 32-bit build'
GOARCH=386 CGO_ENABLED=0 gotest 386 -parallel 8 ./internal/access/... ./internal/store ./internal/event ./internal/box/... ./internal/secret

part 'a real kernel and a real button'
gotest machine -tags kernel ./internal/kerneltest/...
gotest kernel -tags kernel -run Kernel ./internal/daemon

part 'the web desktop'
if command -v node >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))'; then
	make --no-print-directory build
	npm --prefix webui run --silent check
	npm --prefix webui run --silent lint
	npm --prefix webui run --silent test
	before=$(sha256sum webui/src/api/schema.d.ts)
	npm --prefix webui run --silent generate
	[ "$before" = "$(sha256sum webui/src/api/schema.d.ts)" ] || {
		echo 'webui/src/api/schema.d.ts was stale: commit what make generate made'
		exit 1
	}
	part 'the stories in a real browser'
	npm --prefix webui run --silent e2e
else
	skip node 'install Node.js 20.19 or newer'
fi

printf '\nAll is proved, in %d s.\n' "$SECONDS"

package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// recorder stands in for a test, so that its end can be seen from outside.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record runs f as a test of its own and reports whether it came to its end.
func record(t *testing.T, f func(testing.TB)) (*recorder, bool) {
	r, ended, done := &recorder{TB: t}, false, make(chan struct{})
	go func() {
		defer close(done)
		f(r)
		ended = true
	}()
	<-done
	return r, ended
}

func TestNeed(t *testing.T) {
	tests := []struct {
		name, require   string
		found, ended    bool
		skipped, failed string
	}{
		{name: "found goes on", found: true, ended: true},
		{name: "found goes on when all is required", require: "all", found: true, ended: true},
		{name: "missing skips and says what to install", skipped: "SKIP chronyd: apt-get install chrony"},
		{name: "missing skips when something else is set", require: "0", skipped: "SKIP chronyd: apt-get install chrony"},
		{name: "missing fails when all is required", require: "all",
			failed: "chronyd is missing and CASTELLAN_TEST_REQUIRE=all: apt-get install chrony"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(Require, test.require)
			got, ended := record(t, func(tb testing.TB) { Need(tb, "chronyd", "apt-get install chrony", test.found) })
			if ended != test.ended || got.skipped != test.skipped || got.failed != test.failed {
				t.Errorf("ended %v, skipped %q, failed %q; want %v, %q, %q",
					ended, got.skipped, got.failed, test.ended, test.skipped, test.failed)
			}
		})
	}
}

func TestProgramIsFoundOnPath(t *testing.T) {
	dir := t.TempDir()
	want := filepath.Join(dir, "oathtool")
	if err := os.WriteFile(want, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	var got string
	if _, ended := record(t, func(tb testing.TB) { got = Program(tb, "oathtool", "apt-get install oathtool") }); !ended || got != want {
		t.Errorf("Program = %q, ended %v; want %q, true", got, ended, want)
	}
}

func TestProgramIsFoundBesidePath(t *testing.T) {
	dir := t.TempDir()
	want := filepath.Join(dir, "chronyd")
	if err := os.WriteFile(want, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	old := outsidePath
	t.Cleanup(func() { outsidePath = old })
	outsidePath = []string{filepath.Join(dir, "none"), dir}
	t.Setenv("PATH", "")
	if got, found := Find("chronyd"); !found || got != want {
		t.Errorf("Find = %q, %v; want %q, true", got, found, want)
	}
}

func TestMissingProgramSkips(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(Require, "")
	got, ended := record(t, func(tb testing.TB) { Program(tb, "no-such-program", "build it") })
	if ended || got.skipped != "SKIP no-such-program: build it" {
		t.Errorf("ended %v, skipped %q", ended, got.skipped)
	}
}

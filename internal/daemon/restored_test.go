package daemon_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// R140: where only the database file could not be written anew, the owner is not told to hold the button again: the light
// says that the defaults are restored, a second hold undoes nothing of the new owner's, and the log says what is left.
func TestAResetOfWhichSomethingStaysInTheFileIsToldAsDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lights()
	h.start()
	h.claim()
	if err := os.MkdirAll(filepath.Join(h.database()+".compact", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	h.shows("restored", slowly, "none 0")
	owner := h.claim()
	h.shows("claimed", steady, "none 0")
	if got := h.hold(5200); got != "nothing" {
		t.Errorf("a second hold: %s", got)
	}
	if got := owner.kinds("button"); !slices.Contains(got, "box.reset") || slices.Contains(got, "box.reset_failed") {
		t.Errorf("the log of the button says %v", got)
	}
	if got := owner.kinds("system"); !slices.Contains(got, "store.erase_failed") {
		t.Errorf("the log of the system says %v", got)
	}
}

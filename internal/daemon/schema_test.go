package daemon_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"castellan/internal/secret"
	"castellan/internal/store"
)

// older makes the database of a house that stands still one of version 1, as 0.2.0 wrote it.
func (h *house) older() {
	h.t.Helper()
	db, err := store.Open(h.database())
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Update(func(tx *store.Tx) error {
		for _, name := range []string{"account_texts", "account_emails", "account_administrators", "event_head"} {
			table, keys := store.NewTable[any](name), []string{}
			if err := table.Each(tx, "", func(key string, _ any) error { keys = append(keys, key); return nil }); err != nil {
				return err
			}
			for _, key := range keys {
				if err := table.Delete(tx, key); err != nil {
					return err
				}
			}
		}
		events, entries := store.NewTable[obj]("events"), map[string]obj{}
		if err := events.Each(tx, "", func(key string, e obj) error { entries[key] = e; return nil }); err != nil {
			return err
		}
		for key, e := range entries {
			delete(e, "mac")
			if err := events.Put(tx, key, e); err != nil {
				return err
			}
		}
		return store.NewTable[obj]("schema").Put(tx, "current", obj{"version": 1})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// version returns the version of the records of a house that stands still.
func (h *house) version() (v any) {
	h.t.Helper()
	db, err := store.Open(h.database(), func(*store.Tx) error { return os.ErrInvalid })
	if err != nil {
		return err
	}
	_ = db.View(func(tx *store.Tx) error {
		r, _, err := store.NewTable[obj]("schema").Get(tx, "current")
		v = r["version"]
		return err
	})
	_ = db.Close()
	return v
}

// R137: a file of version 1 becomes one of version 2 once: its people are found, and its log is guarded from there on.
func TestAFileOfAnEarlierVersionIsTakenOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	h.add(owner, "ines", "user")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.older()
	h.start()
	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if users := listOf(owner.must(200, "GET", "/users?search=ine", nil).body["users"]); len(users) != 1 {
		t.Errorf("found %v", users)
	}
	check := h.local().must(200, "GET", "/local/log/check", nil).body
	if check["intact"] != true || check["unguarded"].(float64) < 5 || !strings.Contains(fmt.Sprint(check["detail"]), "older than the chain") {
		t.Errorf("got %v", check)
	}
	h.restart()
	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if begun := owner.events("kind=log.chained"); len(begun) != 1 {
		t.Errorf("the chain began %d times", len(begun))
	}
	if again := h.local().must(200, "GET", "/local/log/check", nil).body; again["intact"] != true || again["unguarded"] != check["unguarded"] {
		t.Errorf("after a restart: %v", again)
	}
	if err := h.stop(); err != nil || h.version() != 2.0 {
		t.Errorf("version %v, %v", h.version(), err)
	}
}

// R137: no file of another device gets a chain of this one.
func TestAnEarlierFileOfAnotherDeviceStaysAsItIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.older()
	right, err := os.ReadFile(h.key())
	if err != nil {
		t.Fatal(err)
	}
	wrong := secret.NewKey()
	if err := os.WriteFile(h.key(), wrong[:], 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	if !strings.Contains(h.greeting.Recovery, "belongs to another device") {
		t.Errorf("it says %q", h.greeting.Recovery)
	}
	_ = h.stop()
	if err := os.WriteFile(h.key(), right, 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	if check := h.local().must(200, "GET", "/local/log/check", nil).body; check["intact"] != true || h.greeting.Recovery != "" {
		t.Errorf("with its own key: %v, %q", check, h.greeting.Recovery)
	}
}

// R137: taking out where the log ends shows for ever.
func TestALogWithoutItsEndIsReported(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	h.claim()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(h.database())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *store.Tx) error { return store.NewTable[obj]("event_head").Delete(tx, "head") }); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	for range 2 {
		h.start()
		if check := h.local().must(200, "GET", "/local/log/check", nil).body; check["intact"] != false || check["head"] != true {
			t.Errorf("got %v", check)
		}
		_ = h.stop()
	}
}

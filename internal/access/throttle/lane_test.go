package throttle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"castellan/internal/access/throttle"
	"castellan/internal/store"
)

func TestStrangersCannotFillTheMemory(t *testing.T) {
	b := newBench(t)
	tries := func(n int) {
		if err := b.db.Update(func(tx *store.Tx) error {
			for i := range n {
				a, err := b.Password(throttle.Guess{Name: fmt.Sprint("name ", i), Source: "x", Allowed: true})
				if err != nil {
					return err
				}
				b.now += time.Millisecond
				if err := a.Fail(tx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	tries(5000)
	if n := throttle.LanesForTest(b.Throttle); n != 4096 {
		t.Errorf("%d lanes are kept, want 4096", n)
	}
	b.restart()
	if n := throttle.LanesForTest(b.Throttle); n != 4096 {
		t.Errorf("%d lanes are stored, want 4096", n)
	}
	b.now += throttle.Forget + time.Hour
	tries(1)
	if n := throttle.LanesForTest(b.Throttle); n > 4096 {
		t.Errorf("%d lanes are kept", n)
	}
}

// Names that nobody has are not kept beyond the bound although they are closed, and a closed account is.
func TestClosedNamesCannotFillTheMemory(t *testing.T) {
	b := newBench(t)
	b.close("owner")
	names := store.NewTable[map[string]any]("account_tries")
	if err := b.db.Update(func(tx *store.Tx) (err error) {
		err = names.Each(tx, "", func(key string, r map[string]any) error {
			r["account"] = "owner's id"
			return names.Put(tx, key, r)
		})
		for i := range 5000 {
			r := map[string]any{"failures": throttle.MaxRow, "last": b.now, "boot": b.boot}
			err = errors.Join(err, names.Put(tx, fmt.Sprintf("%032d/", i), r))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.restart()
	b.begun(throttle.Guess{Name: "another", Source: "d"})
	if n := throttle.NamesForTest(b.Throttle); n != throttle.MaxLanes {
		t.Errorf("%d names are kept", n)
	}
	b.restart()
	if n := throttle.NamesForTest(b.Throttle); n != throttle.MaxLanes {
		t.Errorf("%d names are stored", n)
	}
	if !b.Closed("owner") {
		t.Error("the closed account is forgotten")
	}
}

// R021: nobody gets free guesses again by filling the box with other lanes.
func TestALaneThatHasToWaitIsNotForgotten(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeTries + 8 { // the next try has to wait for minutes
		if err := fail(b, b.password("admin", "x")); err != nil {
			t.Fatal(err)
		}
		b.now += throttle.LongestWait
	}
	_ = fail(b, b.password("admin", "x"))
	if err := b.db.Update(func(tx *store.Tx) error {
		for i := range 5000 {
			a, err := b.Password(throttle.Guess{Name: fmt.Sprint("name ", i), Source: "x", Allowed: true})
			if err != nil {
				return err
			}
			b.now += time.Millisecond
			if err := a.Fail(tx); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := wait(fail(b, b.password("admin", "x"))); got != throttle.LongestWait-5*time.Second {
		t.Errorf("waits %v after a flood of other names", got)
	}
}

// R136: the first refusal after each wrong try is told apart, so that it can be recorded.
func TestTheFirstRefusalOfALaneIsToldApart(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeTries {
		_ = fail(b, b.password("admin", "x"))
	}
	for range 2 {
		if err := fail(b, b.password("admin", "x")); !throttle.First(err) {
			t.Errorf("the first: %v", err)
		}
		if err := fail(b, b.password("admin", "x")); throttle.First(err) || !errors.Is(err, throttle.ErrSlowDown) {
			t.Errorf("the second: %v", err)
		}
		b.now += throttle.LongestWait
		_ = fail(b, b.password("admin", "x"))
	}
}

// stored returns the keys of the password lanes in the database.
func (b *bench) stored() (keys []string) {
	b.t.Helper()
	table := store.NewTable[struct{}]("password_tries")
	if err := b.db.View(func(tx *store.Tx) error {
		return table.Each(tx, "", func(key string, _ struct{}) error { keys = append(keys, key); return nil })
	}); err != nil {
		b.t.Fatal(err)
	}
	return keys
}

// R137 T31: whoever reads the disk cannot try out what was typed as a name.
func TestANameThatWasTypedCannotBeTriedOut(t *testing.T) {
	b, other := newBench(t), newBench(t)
	_ = fail(b, b.password("My Secret Passphrase", "x"))
	_ = fail(other, other.password("My Secret Passphrase", "x"))
	sum := sha256.Sum256([]byte("my secret passphrase"))
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(hex.EncodeToString(sum[:4]))) {
		t.Error("its plain hash is in the file")
	}
	if one, two := b.stored(), other.stored(); len(one) != 1 || len(two) != 1 || one[0] == two[0] {
		t.Errorf("two boxes store %v and %v", one, two)
	}
}

// R135: what was typed as a name is not kept for longer than it is of use.
func TestOldLanesLeaveTheDatabase(t *testing.T) {
	b := newBench(t)
	_ = fail(b, b.password("one", "x"))
	b.now += throttle.Forget + time.Second
	if err := succeed(b, b.password("two", "x")); err != nil {
		t.Fatal(err)
	}
	if keys := b.stored(); len(keys) != 0 {
		t.Errorf("a day later the next sign-in leaves %v", keys)
	}
	_ = fail(b, b.password("one", "x"))
	b.now += throttle.Forget + time.Second
	b.restart()
	if keys := b.stored(); len(keys) != 0 {
		t.Errorf("a day later a start leaves %v", keys)
	}
	_ = fail(b, b.password("one", "x"))
	for i := range 3 {
		if keys := b.stored(); len(keys) != 1 {
			t.Fatalf("after %d starts of the kernel: %v", i, keys)
		}
		b.boot += "+"
		b.restart()
	}
	if keys := b.stored(); len(keys) != 0 {
		t.Errorf("many starts of the kernel leave %v", keys)
	}
	plain := store.NewTable[map[string]any]("password_tries") // as they were kept once
	if err := b.db.Update(func(tx *store.Tx) error {
		return plain.Put(tx, "0123456789abcdef01234567/x", map[string]any{"failures": 1, "last": b.now, "boot": b.boot})
	}); err != nil {
		t.Fatal(err)
	}
	b.restart()
	if keys := b.stored(); len(keys) != 0 {
		t.Errorf("a plain hash stays: %v", keys)
	}
}

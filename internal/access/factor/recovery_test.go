package factor_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// R066
func TestRecoveryCodesHaveTheirFormAndForgiveTheHand(t *testing.T) {
	b := newBench(t)
	_, codes := b.first("ines")
	form := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){5}$`)
	if len(codes) != factor.RecoveryCodes || b.left("ines").Left != factor.RecoveryCodes {
		t.Fatalf("%d codes, %+v", len(codes), b.left("ines"))
	}
	seen := map[string]bool{}
	for range 1000 {
		c := secret.RecoveryCode()
		if !form.MatchString(c) || seen[c] {
			t.Fatalf("%q has not the form, or repeats", c)
		}
		seen[c] = true
	}
	for i, typed := range []string{codes[0], strings.ToLower(codes[1]), strings.ReplaceAll(codes[2], "-", ""), strings.ReplaceAll(codes[3], "-", " "), " " + codes[4] + " "} {
		if s, err := b.give("ines", recovery(typed), noon); err != nil || s.Left != 9-i || s.Way != factor.Recovery {
			t.Errorf("%q: %+v, %v", typed, s, err)
		}
	}
	for _, bad := range []string{"", codes[5][:28], codes[5] + "0", codes[5][:28] + "I", codes[5][:28] + "O", codes[5][:28] + "_", "\t" + codes[5][1:], codes[5] + "\n", strings.Replace(codes[5], "-", "–", 1)} {
		if err := recovery(bad).Check(); err == nil {
			t.Errorf("%q was accepted", bad)
		}
		if _, err := b.give("ines", recovery(bad), noon); err == nil {
			t.Errorf("%q opened", bad)
		}
	}
}

// R067
func TestOnlyKeyedHashesOfRecoveryCodesAreKept(t *testing.T) {
	b := newBench(t)
	_, codes := b.first("ines")
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		bare := strings.ReplaceAll(c, "-", "")
		for _, form := range []string{c, bare, strings.ToLower(bare), hex.EncodeToString([]byte(bare))} {
			if bytes.Contains(data, []byte(form)) {
				t.Fatalf("%s is in the file", form)
			}
		}
	}
	hash := regexp.MustCompile(`"hashes":\["([0-9a-f]{64})"`).FindSubmatch(data)
	if hash == nil {
		t.Fatal("no hash is in the file")
	}
	if err := recovery(string(hash[1])).Check(); err == nil {
		t.Error("a stored value has the form of a code")
	}
}

// R068
func TestARecoveryCodeWorksOnceAlsoInParallel(t *testing.T) {
	b := newBench(t)
	_, codes := b.first("ines")
	var accepted atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := b.give("ines", recovery(codes[0]), noon); err == nil {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	if accepted.Load() != 1 || b.left("ines").Left != 9 {
		t.Errorf("accepted %d times, %d left", accepted.Load(), b.left("ines").Left)
	}
}

// R069
func TestARecoveryCodeBelongsToItsOwner(t *testing.T) {
	b := newBench(t)
	b.first("ines")
	_, jonas := b.first("jonas")
	if _, err := b.give("ines", recovery(jonas[0]), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := b.give("jonas", recovery(jonas[0]), noon); err != nil {
		t.Errorf("one's own after that: %v", err)
	}
}

// R070 R072
func TestRecoveryCodesLiveAndDieWithTwoStepVerification(t *testing.T) {
	b := newBench(t)
	renew := func() (codes []string, err error) {
		err = b.db.Update(func(tx *store.Tx) (err error) { codes, err = b.RenewRecovery(tx, "ines", noon); return err })
		return codes, err
	}
	if _, err := renew(); !errors.Is(err, factor.ErrOff) {
		t.Errorf("before it is on: %v", err)
	}
	_, old := b.first("ines")
	codes, err := renew()
	if err != nil || len(codes) != factor.RecoveryCodes {
		t.Fatal(err)
	}
	if _, err := b.give("ines", recovery(old[0]), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("an old one: %v", err)
	}
	for i := range 6 {
		if _, err := b.give("ines", recovery(codes[i]), noon); err != nil || b.left("ines").Renew() {
			t.Fatalf("code %d: %v, %+v", i, err, b.left("ines"))
		}
	}
	if _, err := b.give("ines", recovery(codes[6]), noon); err != nil || !b.left("ines").Renew() {
		t.Errorf("with three left: %v, %+v", err, b.left("ines"))
	}
	b.update(func(tx *store.Tx) error { return b.Remove(tx, "ines") })
	b.first("ines")
	if _, err := b.give("ines", recovery(codes[8]), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("one of before it was off: %v", err)
	}
}

// R071 R049
func TestTwoStepStaysPendingUntilTheCodesAreSaved(t *testing.T) {
	b := newBench(t)
	e, _ := b.start("ines", "My phone")
	code := string(e.Secret.CodeAt(otp.StepAt(noon)))
	confirm := func(saved bool) error {
		return b.db.Update(func(tx *store.Tx) error {
			_, _, err := b.Confirm(tx, "ines", factor.Confirmation{ID: e.ID, Code: code, Saved: saved}, noon)
			return err
		})
	}
	if err := confirm(false); err == nil || b.enabled("ines") {
		t.Fatalf("without saving: %v", err)
	}
	if _, err := b.give("ines", recovery(e.Recovery[0]), noon); !refused(err) {
		t.Errorf("a code before activation: %v", err)
	}
	if err := confirm(true); err != nil {
		t.Fatal(err)
	}
	if second, err := b.start("ines", "Tablet"); err != nil || second.Recovery != nil {
		t.Errorf("codes come with the first way only: %v, %v", second.Recovery, err)
	}
}

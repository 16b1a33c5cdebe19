package factor_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/store"
)

// R050
func TestDevicesAreIndependentAndAtMostFive(t *testing.T) {
	b := newBench(t)
	phone, tablet := b.enrol("ines", "My phone"), b.enrol("ines", "Tablet")
	code := otp.StepAt(noon)
	for _, seed := range []otp.Secret{phone, tablet} {
		if _, err := b.spend("ines", seed.CodeAt(code), noon); err != nil {
			t.Fatal(err)
		}
	}
	var id string
	b.update(func(tx *store.Tx) error {
		list, err := factor.List(tx, "ines")
		id = list[slices.IndexFunc(list, func(d factor.Device) bool { return d.Name == "Tablet" })].ID
		return err
	})
	b.update(func(tx *store.Tx) error {
		_, err := factor.RemoveDevice(tx, account.Account{ID: "ines"}, id)
		return err
	})
	if _, err := b.spend("ines", tablet.CodeAt(code+1), noon); !refused(err) {
		t.Errorf("the removed device: %v", err)
	}
	if _, err := b.spend("ines", phone.CodeAt(code+1), noon); err != nil {
		t.Errorf("the other one: %v", err)
	}
	for _, name := range []string{"2", "3", "4", "5"} {
		b.enrol("ines", name)
	}
	if _, err := b.start("ines", "6"); !errors.Is(err, factor.ErrTooMany) {
		t.Errorf("the sixth: %v", err)
	}
}

func TestADeviceIsRenamedUnderANameOfItsOwn(t *testing.T) {
	b := newBench(t)
	b.enrol("ines", "My phone")
	b.enrol("ines", "Tablet")
	if _, err := b.start("ines", "my PHONE"); !errors.Is(err, factor.ErrNameTaken) {
		t.Errorf("a second device of that name: %v", err)
	}
	var list []factor.Device
	b.update(func(tx *store.Tx) (err error) { list, err = factor.List(tx, "ines"); return err })
	slices.SortFunc(list, func(a, b factor.Device) int { return strings.Compare(a.Name, b.Name) })
	rename := func(id, name string) (before string, err error) {
		err = b.db.Update(func(tx *store.Tx) (err error) { before, _, err = factor.Rename(tx, "ines", id, name); return err })
		return before, err
	}
	if before, err := rename(list[0].ID, " Work phone "); err != nil || before != "My phone" {
		t.Errorf("got %q, %v", before, err)
	}
	for name, want := range map[string]error{"tablet": factor.ErrNameTaken, "a\nb": nil} {
		if _, err := rename(list[0].ID, name); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := rename("nobody", "x"); !errors.Is(err, factor.ErrUnknownDevice) {
		t.Errorf("an unknown one: %v", err)
	}
}

// R055
func TestTheLastWayIsNotRemovedByTheWay(t *testing.T) {
	b := newBench(t)
	b.enrol("ines", "My phone")
	err := b.db.Update(func(tx *store.Tx) error {
		list, err := factor.List(tx, "ines")
		if err != nil {
			return err
		}
		_, err = factor.RemoveDevice(tx, account.Account{ID: "ines"}, list[0].ID)
		return err
	})
	if !errors.Is(err, factor.ErrLastWay) || !b.enabled("ines") {
		t.Errorf("got %v", err)
	}
}

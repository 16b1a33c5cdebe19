package factor_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/store"
)

// goBack voids what lies ahead of a time, and returns it.
func (b *bench) goBack(now time.Time) (void []factor.Void) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) { void, err = factor.VoidAhead(tx, now); return err })
	return void
}

func (b *bench) ways(id string) (ways []factor.Way) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) { ways, err = factor.Open(tx, account.Account{ID: id}); return err })
	return ways
}

// R139 T25: where the time goes back, devices that were used meanwhile open nothing until they are set up again, and
// nothing else changes.
func TestDevicesTheTimeWentBackBehindMustBeSetUpAgain(t *testing.T) {
	b := newBench(t)
	phone, tablet := b.enrol("ines", "My phone"), b.enrol("ines", "Tablet")
	other := b.enrol("otto", "My phone")
	ahead := noon.Add(2 * time.Hour)
	if _, err := b.spend("ines", phone.CodeAt(otp.StepAt(ahead)), ahead); err != nil {
		t.Fatal(err)
	}
	if void := b.goBack(ahead); void != nil {
		t.Errorf("without a step back: %v", void)
	}
	void := b.goBack(noon)
	if len(void) != 1 || void[0].Account != "ines" || !slices.Equal(void[0].Devices, []string{"My phone"}) {
		t.Fatalf("got %v", void)
	}
	if again := b.goBack(noon); again != nil {
		t.Errorf("told twice: %v", again)
	}
	for _, at := range []time.Time{noon, ahead.Add(-time.Minute), ahead.Add(time.Minute), ahead.Add(time.Hour)} {
		if _, err := b.spend("ines", phone.CodeAt(otp.StepAt(at)), at); !refused(err) {
			t.Errorf("the device opens at %v: %v", at, err)
		}
	}
	for id, seed := range map[string]otp.Secret{"ines": tablet, "otto": other} {
		if _, err := b.spend(id, seed.CodeAt(otp.StepAt(noon)), noon); err != nil {
			t.Errorf("another device of %s: %v", id, err)
		}
	}
}

// R139 R055: 2-step verification stays on where the only device has to be set up again, and recovery codes open.
func TestTwoStepStaysOnWhenTheOnlyDeviceIsVoid(t *testing.T) {
	b := newBench(t)
	phone := b.enrol("ines", "My phone")
	ahead := noon.Add(time.Hour)
	if _, err := b.spend("ines", phone.CodeAt(otp.StepAt(ahead)), ahead); err != nil {
		t.Fatal(err)
	}
	b.goBack(noon)
	if ways := b.ways("ines"); !b.enabled("ines") || !slices.Equal(ways, []factor.Way{factor.Recovery}) {
		t.Errorf("on: %v, ways %v", b.enabled("ines"), ways)
	}
	var list []factor.Device
	b.update(func(tx *store.Tx) (err error) { list, err = factor.List(tx, "ines"); return err })
	if len(list) != 1 || !list[0].SetUpAgain {
		t.Fatalf("got %+v", list)
	}
	remove := func(id string) error {
		return b.db.Update(func(tx *store.Tx) error {
			_, err := factor.RemoveDevice(tx, account.Account{ID: "ines"}, id)
			return err
		})
	}
	if err := remove(list[0].ID); !errors.Is(err, factor.ErrLastWay) || !b.enabled("ines") {
		t.Errorf("the last one was removed by the way: %v", err)
	}
	tablet := b.enrol("ines", "Tablet") // another one is set up, and the void one can go
	if err := remove(list[0].ID); err != nil {
		t.Error(err)
	}
	if _, err := b.spend("ines", tablet.CodeAt(otp.StepAt(noon)), noon); err != nil {
		t.Error(err)
	}
}

// R139: a device that is set up again under its name takes its own place.
func TestADeviceThatIsSetUpAgainTakesItsOwnPlace(t *testing.T) {
	b := newBench(t)
	names := []string{"My phone", "2", "3", "4", "5"}
	ahead := noon.Add(time.Hour)
	for _, name := range names {
		seed := b.enrol("ines", name)
		if _, err := b.spend("ines", seed.CodeAt(otp.StepAt(ahead)), ahead); err != nil {
			t.Fatal(err)
		}
	}
	b.goBack(noon)
	if _, err := b.start("ines", "6"); !errors.Is(err, factor.ErrTooMany) {
		t.Errorf("a sixth: %v", err)
	}
	seed := b.enrol("ines", "my phone")
	if _, err := b.spend("ines", seed.CodeAt(otp.StepAt(noon)), noon); err != nil {
		t.Error(err)
	}
	var list []factor.Device
	var void bool
	b.update(func(tx *store.Tx) (err error) { list, err = factor.List(tx, "ines"); return err })
	b.update(func(tx *store.Tx) (err error) { void, err = factor.MustSetUpAgain(tx, "ines"); return err })
	if len(list) != len(names) || !void {
		t.Errorf("%d devices, void left: %v", len(list), void)
	}
	if _, err := b.start("ines", "my phone"); !errors.Is(err, factor.ErrTooMany) {
		t.Errorf("a second one of that name: %v", err)
	}
}

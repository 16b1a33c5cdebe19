package reset_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/box/network"
	"castellan/internal/reset"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// decided gives the bench what a reset takes away, and returns how that has to read afterwards.
func (b *bench) decided() reset.Snapshot {
	b.t.Helper()
	want := reset.Snapshot{
		Taken: noon, NASName: "attic-nas", TimeZone: "Europe/Berlin", Groups: []string{"family"},
		Owner:    &reset.Owner{Name: "admin", DisplayName: "The owner", Email: "owner@example.org", Confirmed: true, Language: "en"},
		Policy:   settings.Policy{TwoStep: settings.ChosenGroups, EmailCodes: settings.NotAdministrators, Presence: settings.Everyone, Idle: 45},
		Defender: settings.Defender{Limits: settings.StrictLimits, Allow: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, Block: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		Button:   settings.Button{Device: "gpio-keys", Key: 408},
	}
	b.update(func(tx *store.Tx) error {
		admin, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		admin.DisplayName, admin.Confirmed, admin.Language = "The owner", true, "en"
		g, err := account.PutGroup(tx, account.Group{Name: "family", Members: []string{b.ids["ines"]}})
		want.Policy.Groups = []string{g.ID}
		return errors.Join(err, account.Put(tx, admin), settings.PutPolicy(tx, want.Policy), settings.PutDefender(tx, want.Defender), settings.PutButton(tx, want.Button))
	})
	return want
}

// equal compares snapshots; addresses compare by ==.
func equal(a, b reset.Snapshot) string {
	return cmp.Diff(a, b, cmpopts.EquateComparable(netip.Prefix{}))
}

func (b *bench) file() string { return filepath.Join(b.Folder, "settings-before-reset.sealed") }

func TestWhatAResetChangesCanBeReadAfterwards(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	if _, err := b.Before(); !errors.Is(err, reset.ErrNoSnapshot) {
		t.Errorf("before any reset: %v, want ErrNoSnapshot", err)
	}
	want := b.decided()
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := b.Before()
	if diff := equal(got, want); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	sealed, err := os.ReadFile(b.file())
	if err != nil || bytes.Contains(sealed, []byte("owner@example.org")) {
		t.Errorf("the snapshot is missing or in the clear: %v", err)
	}
	plain, err := b.Key.Open(string(sealed), "snapshot/settings")
	if err != nil || bytes.Contains(plain, []byte("hash")) || bytes.Contains(plain, []byte("password")) || bytes.Contains(plain, []byte("secret")) {
		t.Errorf("it may hold a secret: %s, %v", plain, err)
	}
}

// A second reset before somebody owns the box, or one that is tried again, has nothing to keep.
func TestASecondResetKeepsWhatTheFirstOneKept(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	want := b.decided()
	for range 2 {
		if err := b.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.Before(); err != nil || equal(got, want) != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	b.update(func(tx *store.Tx) error {
		g, err := claim.Generation(tx)
		if err == nil {
			_, err = b.Box.Take(tx, claim.Claim{NASName: "cellar-nas", Email: "new@example.org"}, g, "hash", noon)
		}
		return err
	})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Before(); err != nil || got.NASName != "cellar-nas" || got.Owner.Email != "new@example.org" {
		t.Errorf("of the next owner: %+v, %v", got, err)
	}
}

func TestASnapshotThatCannotBeReadIsASentence(t *testing.T) {
	b, _ := newBench(t, network.New(network.Config{Alone: true}))
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.file())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"cut": whole[:len(whole)/2], "empty": nil, "of another device": []byte(secret.NewKey().Seal([]byte("{}"), "snapshot/settings")),
		"of another form": []byte(b.Key.Seal([]byte("[1]"), "snapshot/settings")),
	} {
		if err := os.WriteFile(b.file(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Before(); !errors.Is(err, reset.ErrForeign) {
			t.Errorf("%s: got %v, want ErrForeign", name, err)
		}
	}
	// One of the program before holds less.
	old := b.Key.Seal([]byte(`{"taken":"2026-11-21T12:00:05Z","nas_name":"attic-nas","time_zone":"Europe/Berlin","email":"owner@example.org"}`), "snapshot/settings")
	if err := os.WriteFile(b.file(), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Before(); err != nil || got.Owner.Email != "owner@example.org" || got.Policy.Idle != settings.IdleDefault {
		t.Errorf("got %+v, %v", got, err)
	}
}

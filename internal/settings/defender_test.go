package settings_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"castellan/internal/settings"
	"castellan/internal/store"
)

func rules(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	list, err := settings.Rules("block", texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRulesHaveOneForm(t *testing.T) {
	list := rules(t, " 192.0.2.9 ", "192.0.2.77/24", "192.0.2.9", "2001:DB8::1", "2001:db8:0:0::/32", "::ffff:198.51.100.4", "::ffff:198.51.100.0/120")
	var got []string
	for _, p := range list {
		got = append(got, settings.RuleWords(p))
	}
	want := []string{"192.0.2.0/24", "192.0.2.9", "198.51.100.0/24", "198.51.100.4", "2001:db8::/32", "2001:db8::1"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatIsNoRuleIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "nas.local", "192.0.2", "192.0.2.256", "192.0.2.1/33", "192.0.2.1/024", "192.0.2.1/", "192.0.2.1-9", "fe80::1%eth0",
		"2001:db8::/129", "::ffff:192.0.2.0/40", "192.0.2.1\n", "010.0.0.1",
	} {
		if list, err := settings.Rules("block", []string{text}); err == nil && text != "192.0.2.1\n" {
			t.Errorf("%q became %v", text, list)
		}
	}
	if _, err := settings.Rules("block", slices.Repeat([]string{"192.0.2.1"}, settings.MaxRules+1)); err == nil {
		t.Error("too many are taken")
	}
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{"192.0.2.7", "192.0.2.0/24", "::/0", "::ffff:1.2.3.4/97"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := settings.Rules("block", []string{text})
		if err != nil {
			return
		}
		again, err := settings.Rules("block", []string{settings.RuleWords(list[0])})
		if err != nil || !slices.Equal(again, list) {
			t.Errorf("%q became %v, and that %v, %v", text, list, again, err)
		}
	})
}

// R001: nobody blocks the NAS itself, and what is allowed is never blocked.
func TestTheNASItselfCannotBeBlocked(t *testing.T) {
	db, err := store.Create(t.TempDir() + "/castellan.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	put := func(d settings.Defender) error {
		return db.Update(func(tx *store.Tx) error { return settings.PutDefender(tx, d) })
	}
	for _, text := range []string{"127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "::1", "::/0", "::/64", "::ffff:127.0.0.1"} {
		err := put(settings.Defender{Limits: settings.NormalLimits, Block: rules(t, text)})
		if err == nil || !strings.Contains(err.Error(), "cannot be blocked") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := put(settings.Defender{Limits: settings.NormalLimits, Block: rules(t, "192.0.2.7"), Allow: rules(t, "192.0.2.7")}); err == nil {
		t.Error("one address stands on both lists")
	}
	if err := put(settings.Defender{Limits: "lax"}); err == nil {
		t.Error("limits of another name are taken")
	}
	d := settings.Defender{Limits: settings.StrictLimits, Block: rules(t, "192.0.2.0/24", "2001:db8::/32"), Allow: rules(t, "192.0.2.7")}
	if err := put(d); err != nil {
		t.Fatal(err)
	}
	_ = db.View(func(tx *store.Tx) error { d, err = settings.GetDefender(tx); return err })
	for text, want := range map[string]bool{"192.0.2.9": true, "::ffff:192.0.2.9": true, "192.0.2.7": false, "192.0.3.1": false, "2001:db8::1": true, "fe80::1%lo": false} {
		if got := d.Blocks(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is blocked: %v, want %v", text, got, want)
		}
	}
	if d.Limits != settings.StrictLimits || !d.Allows(netip.MustParseAddr("192.0.2.7")) {
		t.Errorf("got %+v", d)
	}
}

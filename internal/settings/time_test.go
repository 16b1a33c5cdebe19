package settings_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"castellan/internal/config"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func putTime(t *testing.T, db *store.DB, s ...settings.TimeServer) (kept settings.Time, err error) {
	t.Helper()
	err = db.Update(func(tx *store.Tx) (err error) {
		kept, err = settings.PutTime(tx, settings.Time{Servers: s})
		return err
	})
	return kept, err
}

func TestTimeServersComeBackInTheirOrderAndOneForm(t *testing.T) {
	db := open(t)
	want := settings.Time{VerifiedOnly: true, SetSystemClock: true, Servers: []settings.TimeServer{
		{Host: "time.example.org", NTS: true, Enabled: true}, {Host: "192.0.2.7"}, {Host: "[2001:db8::1]:4123", Enabled: true}, {Host: "127.0.0.1:40123"},
	}}
	given := want
	given.Servers = slices.Clone(want.Servers)
	given.Servers[0].Host, given.Servers[1].Host, given.Servers[2].Host = " Time.Example.org:4460 ", "::ffff:192.0.2.7", "[2001:DB8:0::1]:4123"
	var got settings.Time
	err := db.Update(func(tx *store.Tx) error {
		if _, set, err := settings.GetTime(tx); set || err != nil {
			t.Errorf("before anybody chose: %v, %v", set, err)
		}
		_, err := settings.PutTime(tx, given)
		return err
	})
	if err == nil {
		err = db.View(func(tx *store.Tx) (err error) { got, _, err = settings.GetTime(tx); return err })
	}
	if err != nil || !slices.Equal(got.Servers, want.Servers) || !got.VerifiedOnly || !got.SetSystemClock {
		t.Errorf("got %+v, %v", got, err)
	}
	if words := got.Words(); words != "time.example.org (NTS), 192.0.2.7 (off), [2001:db8::1]:4123, 127.0.0.1:40123 (off)" {
		t.Errorf("in words: %s", words)
	}
	if kept, err := putTime(t, db); err != nil || kept.Words() != "none" {
		t.Errorf("an empty list: %+v, %v", kept, err)
	}
}

// R122 R123: a time server is a name or an address, and nothing that a shell, a resolver or another service would
// take for something else.
func TestTimeServersFollowAGrammar(t *testing.T) {
	db := open(t)
	for _, host := range []string{
		"", " ", "-oProxy", "a b", "a\r\nb", "a;id", "$(id)", "`id`", "nts://a.example", "a.example/x", "user@a.example", "a.example.", "256.1.1.1", "1.2.3", "0x7f.1", "time.5", "..", "a..b",
		"169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "::ffff:169.254.169.254", "[::ffff:0.0.0.0]:4123",
		"a.example:", "a.example:0", "a.example:22", "a.example:0123", "a.example:+123", "a.example:65536", "a.example:123:123", "a.example:x",
		"[2001:db8::1", "2001:db8::1]", "[2001:db8::1]:80", "[a.example]]:4123", strings.Repeat("a", 64), strings.Repeat("a.", 127) + "aa",
	} {
		_, err := putTime(t, db, settings.TimeServer{Host: "good.example"}, settings.TimeServer{Host: host, Enabled: true})
		field(t, err, "servers.1.host", host)
	}
	for _, s := range []settings.TimeServer{
		{Host: "a"}, {Host: "0.pool.ntp.org"}, {Host: "localhost"}, {Host: "127.0.0.1"}, {Host: "::1"}, {Host: "[::1]"}, {Host: "a.example:123"},
		{Host: "a.example:1024"}, {Host: "a.example:65535"}, {Host: "a.example:4460", NTS: true}, {Host: "10.0.0.1:4460", NTS: true},
	} {
		if _, err := putTime(t, db, s); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := putTime(t, db, settings.TimeServer{Host: "a.example:123", NTS: true}); err == nil {
		t.Error("NTS on the port of NTP")
	}
}

// R139: one server is not two that agree.
func TestNoTimeServerIsOnTheListTwiceAndTheListIsShort(t *testing.T) {
	db := open(t)
	for _, twice := range [][2]settings.TimeServer{
		{{Host: "a.example"}, {Host: "A.example"}}, {{Host: "a.example"}, {Host: "a.example:123"}}, {{Host: "a.example"}, {Host: "a.example", NTS: true}},
		{{Host: "192.0.2.7"}, {Host: "::ffff:192.0.2.7"}}, {{Host: "2001:db8::1"}, {Host: "[2001:db8:0::1]:123"}},
	} {
		_, err := putTime(t, db, twice[:]...)
		field(t, err, "servers.1.host", fmt.Sprint(twice))
	}
	var many []settings.TimeServer
	for i := range settings.MaxTimeServers {
		many = append(many, settings.TimeServer{Host: fmt.Sprintf("127.0.0.1:%d", 4000+i)})
	}
	if _, err := putTime(t, db, many...); err != nil {
		t.Errorf("%d: %v", len(many), err)
	}
	_, err := putTime(t, db, append(many, settings.TimeServer{Host: "one.more.example"})...)
	var f *fault.Error
	if !errors.As(err, &f) || f.Fields[0].Code != "too_many" {
		t.Errorf("one more: %v", err)
	}
}

func TestTheBuiltInTimeServersUseNTSWhereTheyOfferIt(t *testing.T) {
	got := settings.DefaultTime([]string{"time.cloudflare.com", "127.0.0.1:123"})
	if want := []settings.TimeServer{{"time.cloudflare.com", true, true}, {"127.0.0.1:123", false, true}}; !slices.Equal(got.Servers, want) || got.VerifiedOnly || got.SetSystemClock {
		t.Errorf("got %+v", got)
	}
}

// R139: where a firewall blocks NTS, the servers of the built-in list that are asked without it are a majority.
func TestTheBuiltInListDoesNotDependOnNTS(t *testing.T) {
	nts, all := 0, settings.DefaultTime(config.Default().Time.Servers)
	for _, s := range all.Servers {
		if s.NTS {
			nts++
		}
	}
	if n := len(all.Servers); nts == 0 || 2*(n-nts) <= n {
		t.Errorf("%d of %d are asked by NTS", nts, n)
	}
	if kept, err := putTime(t, open(t), all.Servers...); err != nil || !slices.Equal(kept.Servers, all.Servers) {
		t.Errorf("the built-in list is not one that an owner can save: %+v, %v", kept, err)
	}
}

func FuzzTimeHost(f *testing.F) {
	for _, seed := range []string{"time.example.org", "[2001:db8::1]:4123", "::ffff:192.0.2.7", "a:123", "127.0.0.1:40000"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, host string, nts bool) {
		db := open(t)
		kept, err := putTime(t, db, settings.TimeServer{Host: host, NTS: nts})
		if err != nil {
			return
		}
		again, err := putTime(t, db, kept.Servers...)
		if err != nil || !slices.Equal(again.Servers, kept.Servers) || strings.ContainsAny(kept.Servers[0].Host, " ;|&$`'\"\\\n\r/@%<>(){}*?!~#") {
			t.Errorf("%q became %+v, and that %+v, %v", host, kept, again, err)
		}
	})
}

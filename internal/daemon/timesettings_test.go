package daemon_test

import (
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"castellan/internal/store"
)

func choice(host string, enabled bool) obj {
	return obj{"host": host, "protocol": "ntp", "enabled": enabled}
}

func timeSettings(servers ...any) obj {
	return obj{"servers": append([]any{}, servers...), "verified_only": false, "set_system_clock": false}
}

// R103 R122: the owner's time servers are checked, kept in their order, asked at once, and recorded with what was before.
func TestTheOwnersTimeServersAreAskedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b, c := newTimeServer(t), newTimeServer(t), newTimeServer(t)
	h.file.Time.Servers = []string{a.address}
	h.start()
	owner := h.claim()
	if v := owner.must(200, "GET", "/time", nil).body; v["settings"].(obj)["servers"].([]any)[0].(obj)["host"] != a.address {
		t.Errorf("the integrator's servers: %v", v["settings"])
	}
	for host, code := range map[string]string{"a;id": "malformed", "169.254.169.254": "malformed", "127.0.0.1:22": "malformed", b.address: "twice"} {
		fields := owner.refused(422, "invalid", "PUT", "/time", timeSettings(choice(b.address, true), choice(host, true))).body["fields"].([]any)
		if f := fields[0].(obj); f["name"] != "servers.1.host" || f["code"] != code {
			t.Errorf("%s: %v", host, fields)
		}
	}
	owner.refused(422, "invalid", "PUT", "/time", timeSettings(obj{"host": "x", "protocol": "sntp", "enabled": true}))
	v := owner.must(200, "PUT", "/time", timeSettings(choice(c.address, true), choice(a.address, false), choice(b.address, true), choice("127.0.0.1:1900", true))).body
	var hosts []string
	for _, s := range v["servers"].([]any) {
		hosts = append(hosts, s.(obj)["host"].(string))
	}
	want := []string{c.address, a.address, b.address, "127.0.0.1:1900"}
	if !slices.Equal(hosts, want) || v["servers"].([]any)[1].(obj)["state"] != "disabled" {
		t.Errorf("got %v", v["servers"])
	}
	owner.must(200, "PUT", "/time", timeSettings(choice(c.address, true), choice(a.address, false), choice(b.address, true)))
	asked := a.asked.Load()
	if v = owner.syncs("synced"); v["agreeing"] != 2.0 {
		t.Errorf("got %v", v)
	}
	if a.asked.Load() != asked {
		t.Error("a server that is off is asked")
	}
	first := owner.events("area=settings")[0].(obj)["message"].(string)
	if want := "Time servers changed from " + strings.Join([]string{c.address, a.address + " (off)", b.address, "127.0.0.1:1900"}, ", ") + " to "; !strings.HasPrefix(first, want) {
		t.Errorf("the log says %q", first)
	}
	h.restart()
	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	v = owner.must(200, "GET", "/time", nil).body
	if s := v["settings"].(obj)["servers"].([]any); len(s) != 3 || s[0].(obj)["host"] != c.address || s[1].(obj)["enabled"] != false {
		t.Errorf("after a restart: %v", v["settings"])
	}
	owner.syncs("synced")
	h.pass(6 * time.Minute)
	owner.refused(403, "step_up_required", "PUT", "/time", timeSettings())
}

// Castellan sets the clock of the box only where the owner turned that on, and says that it did.
func TestTheSystemClockIsSetOnlyWhereTheOwnerWantsThat(t *testing.T) {
	t.Parallel()
	h, servers := timed(t, 3, func(h *house, _ []*timeServer) { h.step(-3 * time.Minute) })
	owner := h.claim()
	owner.syncs("synced")
	v := owner.must(200, "GET", "/time", nil).body
	if off := clockOf(v)["offset_ms"].(float64); off > -179_000 {
		t.Fatalf("it was set without leave: %v", off)
	}
	wish := timeSettings()
	for _, s := range servers {
		wish["servers"] = append(wish["servers"].([]any), choice(s.address, true))
	}
	wish["set_system_clock"] = true
	v = owner.must(200, "PUT", "/time", wish).body
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && math.Abs(clockOf(v)["offset_ms"].(float64)) > 100; time.Sleep(200 * time.Millisecond) {
		v = owner.must(200, "POST", "/time/sync", nil).body
	}
	if off := clockOf(v)["offset_ms"].(float64); math.Abs(off) > 100 || v["keeper"].(obj)["who"] != "castellan" {
		t.Fatalf("off by %v, %v", off, v["keeper"])
	}
	jumps := owner.must(200, "GET", "/time/history?span=day", nil).body["jumps"].([]any)
	if j := jumps[0].(obj); j["what"] != "system" || j["why"] != "castellan" || math.Abs(j["by_ms"].(float64)-180_000) > 200 {
		t.Errorf("the history: %v", jumps)
	}
	owner.refused(409, "automatic_time_unavailable", "PUT", "/time/automatic", obj{"on": true})
	owner.must(200, "PATCH", "/settings", obj{"time_zone": "Europe/Berlin"}) // no bus fails it
}

// A chart keeps nobody out: a history of the clock that cannot be read begins anew.
func TestAHistoryOfTheClockThatCannotBeReadKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	h, _ := timed(t, 3)
	h.claim()
	h.awaitClock("synced")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(h.database())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *store.Tx) error { return store.NewTable[any]("drift_hours").Put(tx, "today", "no record") }); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	h.start()
	owner := h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	owner.syncs("synced")
	if points := owner.must(200, "GET", "/time/history?span=day", nil).body["points"].([]any); len(points) == 0 {
		t.Error("nothing is measured any more")
	}
}

// R139: servers that the local network offers are asked and shown, count for nothing, and can be taken over.
func TestServersThatTheNetworkOffersAreShownAndCountForNothing(t *testing.T) {
	t.Parallel()
	own := ""
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && p.Addr().IsGlobalUnicast() {
			own = p.Addr().String()
		}
	}
	if own == "" {
		t.Skip("this machine has no address but the loopback, which no network offers")
	}
	h, servers := timed(t, 1, func(h *house, _ []*timeServer) {
		h.root["run/systemd/netif/leases/2"] = &fstest.MapFile{Data: []byte("NTP=" + own + "\n")}
	})
	owner := h.claim()
	v := owner.syncs("synced")
	shown := v["servers"].([]any)
	if len(shown) != 2 || shown[1].(obj)["host"] != own || shown[1].(obj)["offered"] != true || shown[0].(obj)["offered"] != false || v["agreeing"] != 1.0 {
		t.Errorf("got %v", shown)
	}
	if s := v["settings"].(obj)["servers"].([]any); len(s) != 1 {
		t.Errorf("it came to the owner's list: %v", s)
	}
	v = owner.must(200, "PUT", "/time", timeSettings(choice(servers[0].address, true), choice(own, true))).body
	if shown = v["servers"].([]any); len(shown) != 2 || shown[1].(obj)["offered"] != false || shown[1].(obj)["host"] != own {
		t.Errorf("after it was taken over: %v", shown)
	}
}
